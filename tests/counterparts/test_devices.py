"""Devices that move between our library and those of others, on the embedded user pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol

import pytest
from pycognito.aws_srp import AWSSRP, generate_hash_device
from pycognito.exceptions import SMSMFAChallengeException

from auth_flow import AuthFlow, Done, SignIn
from auth_flow.session import RememberedDevice
from auth_flow.states._base import reveal
from tests.counterparts.admin import PASSWORD, aws_client
from tests.counterparts.node import Program, program
from tests.counterparts.served import Served, ServedPool

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.counterpart,
    # pycognito writes its timestamps with it.
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

Tracking = Literal["ALWAYS", "USER_OPT_IN"]
SMS = "CONFIRM_SIGN_IN_WITH_SMS_CODE"


class Foreign(Protocol):
    """Another library, as an app of one pool."""

    def sign_in(self) -> bool:
        """Sign ada in, and return whether a code was asked for."""
        ...

    def remember(self) -> None:
        """Have the device of the last sign-in remembered."""
        ...

    @property
    def device(self) -> RememberedDevice: ...

    def adopt(self, device: RememberedDevice) -> None:
        """Sign in with this device from now on."""
        ...


class Stored:
    """The devices of the two libraries for JavaScript, which store them alike."""

    def __init__(self, pool: ServedPool, app: Program) -> None:
        self.pool, self.app = pool, app
        self._prefix = f"CognitoIdentityServiceProvider.{pool.client.id}.ada"

    @property
    def device(self) -> RememberedDevice:
        items = self.app.call("storedItems")
        return RememberedDevice(
            key=items[f"{self._prefix}.deviceKey"],
            group_key=items[f"{self._prefix}.deviceGroupKey"],
            password=items[f"{self._prefix}.randomPasswordKey"],
        )

    def adopt(self, device: RememberedDevice) -> None:
        items = {
            "deviceKey": device.key,
            "deviceGroupKey": device.group_key,
            "randomPasswordKey": reveal(device.password),
        }
        stored = {f"{self._prefix}.{name}": value for name, value in items.items()}
        self.app.call("storeItems", **stored)

    def remember(self) -> None:
        self.app.call("rememberDevice")


class Identity(Stored):
    """amazon-cognito-identity-js."""

    def sign_in(self) -> bool:
        step = self.app.call("signIn", username="ada", password=PASSWORD)["step"]
        if step == "mfaRequired":
            assert self._answer() == "onSuccess"
        return bool(step == "mfaRequired")

    def _answer(self) -> str:
        return str(self.app.call("sendCode", code=self.pool.code(), type="SMS_MFA")["step"])


class Amplify(Stored):
    """aws-amplify."""

    def sign_in(self) -> bool:
        self.app.call("signOut")
        signed_in = self.app.call("signIn", username="ada", password=PASSWORD)
        asked = signed_in["nextStep"]["signInStep"] == SMS
        if asked:
            signed_in = self.app.call("confirmSignIn", challengeResponse=self.pool.code())
        assert signed_in["isSignedIn"]
        return bool(asked)


class Pycognito:
    """pycognito. Its `confirm_device` would go to AWS, so boto3 sends what it has made."""

    def __init__(self, pool: ServedPool, cognito: Any) -> None:
        self.pool, self.cognito = pool, cognito
        self._device: RememberedDevice | None = None
        self._access_token = ""

    def sign_in(self) -> bool:
        asked = False
        try:
            result = self._user().authenticate_user()
        except SMSMFAChallengeException as challenge:
            asked = True
            result = self.cognito.respond_to_auth_challenge(
                ClientId=self.pool.client.id,
                ChallengeName="SMS_MFA",
                Session=challenge.get_tokens()["Session"],
                ChallengeResponses={"USERNAME": "ada", "SMS_MFA_CODE": self.pool.code()},
            )
        tokens = result["AuthenticationResult"]
        self._access_token = tokens["AccessToken"]
        if metadata := tokens.get("NewDeviceMetadata"):
            self._confirm(metadata["DeviceGroupKey"], metadata["DeviceKey"])
        return asked

    def _user(self) -> AWSSRP:
        known = self._device
        named = (
            {
                "device_key": known.key,
                "device_group_key": known.group_key,
                "device_password": reveal(known.password),
            }
            if known
            else {}
        )
        return AWSSRP(
            username="ada",
            password=PASSWORD,
            pool_id=self.pool.pool.id,
            client_id=self.pool.client.id,
            client=self.cognito,
            **named,
        )

    def _confirm(self, group_key: str, key: str) -> None:
        password, verifier = generate_hash_device(group_key, key)
        self.cognito.confirm_device(
            AccessToken=self._access_token, DeviceKey=key, DeviceSecretVerifierConfig=verifier
        )
        self._device = RememberedDevice(key=key, group_key=group_key, password=password)

    def remember(self) -> None:
        self.cognito.update_device_status(
            AccessToken=self._access_token,
            DeviceKey=self.device.key,
            DeviceRememberedStatus="remembered",
        )

    @property
    def device(self) -> RememberedDevice:
        assert self._device is not None
        return self._device

    def adopt(self, device: RememberedDevice) -> None:
        self._device = device


@pytest.fixture(scope="module")
def identity(node: str) -> Iterator[Program]:
    with program(node, "identity.mjs") as running:
        yield running


@pytest.fixture(scope="module")
def amplify(node: str) -> Iterator[Program]:
    with program(node, "amplify.mjs") as running:
        yield running


@pytest.fixture(scope="module")
def cognito(served: Served) -> Iterator[Any]:
    """The boto3 client that pycognito speaks through."""
    with aws_client("cognito-idp", served.url, served.service.region) as client:
        yield client


@pytest.fixture(params=["ALWAYS", "USER_OPT_IN"])
def pool(served: Served, request: pytest.FixtureRequest) -> ServedPool:
    """A pool that asks for a code by SMS, except on a device that it remembers."""
    pool = served.pool(
        mfa_configuration="ON", mfa_factors=("SMS_MFA",), device_tracking=request.param
    )
    pool.add_ada()
    return pool


@pytest.fixture(params=["amazon-cognito-identity-js", "aws-amplify", "pycognito"])
def foreign(pool: ServedPool, request: pytest.FixtureRequest) -> Foreign:
    match request.param:
        case "amazon-cognito-identity-js":
            app: Program = request.getfixturevalue("identity")
            return Identity(pool, app.configured_for(pool))
        case "aws-amplify":
            app = request.getfixturevalue("amplify")
            return Amplify(pool, app.configured_for(pool))
        case _:
            return Pycognito(pool, request.getfixturevalue("cognito"))


async def sign_in(flow: AuthFlow, pool: ServedPool) -> bool:
    """Sign ada in with our library, and return whether a code was asked for."""
    step = await flow.send(SignIn(username="ada", password=PASSWORD))
    if asked := step.name == SMS:
        step = await flow.send(step.answer(pool.code()))
    assert isinstance(step, Done)
    return asked


def keys(pool: ServedPool) -> list[str]:
    """The devices of ada, as the pool has them."""
    user = pool.pool.user("ada")
    assert user is not None
    return list(user.devices)


def opts_in(pool: ServedPool) -> bool:
    return pool.pool.settings.device_tracking == "USER_OPT_IN"


async def test_a_device_of_theirs_signs_in_with_us(pool: ServedPool, foreign: Foreign) -> None:
    assert foreign.sign_in()
    async with AuthFlow(pool.ours) as flow:
        await flow.devices.save("ada", foreign.device)
        if opts_in(pool):  # confirmed, but not remembered: it proves itself after the code
            assert await sign_in(flow, pool)
            foreign.remember()
            await flow.session.sign_out()
        assert not await sign_in(flow, pool)
        assert flow.session.device == foreign.device
        assert keys(pool) == [foreign.device.key]
        await flow.session.fresh_tokens(force=True)


async def test_a_device_of_ours_signs_in_with_them(pool: ServedPool, foreign: Foreign) -> None:
    async with AuthFlow(pool.ours) as flow:
        assert await sign_in(flow, pool)
        assert flow.session.device is not None
        foreign.adopt(flow.session.device)
        if opts_in(pool):
            # pycognito does not answer a device's challenge after a code.
            assert isinstance(foreign, Pycognito) or foreign.sign_in()
            await flow.session.remember_device()
        assert not foreign.sign_in()
        assert keys(pool) == [flow.session.device.key]


async def test_an_administrator_sees_and_ends_a_device_of_ours(
    pool: ServedPool, cognito: Any
) -> None:
    """By boto3."""
    named = {"UserPoolId": pool.pool.id, "Username": "ada"}
    async with AuthFlow(pool.ours, remember_device=True, device_name="Firefox") as flow:
        assert await sign_in(flow, pool)
        (listed,) = cognito.admin_list_devices(**named)["Devices"]
        attributes = {one["Name"]: one["Value"] for one in listed["DeviceAttributes"]}
        assert attributes["device_name"] == "Firefox"
        assert attributes["dev:device_remembered_status"] == "remembered"
        device = {"DeviceKey": listed["DeviceKey"], **named}
        cognito.admin_update_device_status(**device, DeviceRememberedStatus="not_remembered")
        assert (await flow.session.get_device()).remembered is False
        await flow.session.sign_out()
        assert await sign_in(flow, pool)
        assert keys(pool) == [listed["DeviceKey"]]
        await flow.session.sign_out()
        cognito.admin_forget_device(**device)
        assert await sign_in(flow, pool)
        assert listed["DeviceKey"] not in keys(pool)
        await flow.session.sign_out()
        assert not await sign_in(flow, pool)
