"""Complaints about passkeys elsewhere, and the right behaviour.

- aws-amplify/amplify-js#14883: no options for conditional UI before the user has chosen a passkey
- hashicorp/terraform-provider-aws#50110: required MFA and passkeys
- the relying party id has to be the custom domain where managed login is used
"""

from __future__ import annotations

import json

import pytest

from auth_flow import ChooseFactor, Done, EnterCode, EnterPassword, FirstFactorSelection, SignIn
from auth_flow.errors import GuardRejected, InvalidParameterException, PasskeyError
from auth_flow.passkeys import RequestOptions, SoftwareAuthenticator
from tests.passkeys.conftest import MULTI_FACTOR, PASSWORD, RP_ID, Place

pytestmark = pytest.mark.anyio

BY_CHOICE = SignIn(username="ada", auth_flow_type="USER_AUTH")


async def test_a_page_may_ask_for_a_passkey_before_the_user_has_chosen(place: Place) -> None:
    authenticator = SoftwareAuthenticator(RP_ID)
    await place.add(authenticator)
    flow = place.flow()
    await flow.send(BY_CHOICE)
    before = flow.record
    field = next(one for one in flow.form().fields if one.kind == "passkey")
    assert not field.required
    options = RequestOptions.model_validate(field.options)

    # The user takes a look at the browser's suggestion, goes away, and comes back.
    for gone in ("AbortError", "NotAllowedError"):
        with pytest.raises(GuardRejected) as caught:
            flow.fill({"credential": json.dumps({"error": gone})})
        assert caught.value.code == "passkey_cancelled"
        assert flow.record == before
    passkey = await authenticator.get(options)
    event = flow.fill({"credential": json.dumps(passkey.to_json())})
    assert isinstance(await flow.send(event), Done)


async def test_the_suggestion_of_a_passkey_is_no_obstacle_to_another_factor(place: Place) -> None:
    await place.add(SoftwareAuthenticator(RP_ID))
    flow = place.flow()
    await flow.send(BY_CHOICE)
    await flow.send(flow.fill({"factor": "PASSWORD", "credential": ""}))
    assert isinstance(await flow.send(EnterPassword(password=PASSWORD)), Done)


async def test_required_mfa_refuses_a_passkey_that_is_one_factor(place: Place) -> None:
    await place.add(SoftwareAuthenticator(RP_ID))
    place.settings(mfa_configuration="ON", mfa_factors=("EMAIL_OTP",))
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    with pytest.raises(
        InvalidParameterException,
        match="WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured",
    ):
        await place.transport.call(
            "UpdateUserPool",
            {"UserPoolId": place.users.id, "MfaConfiguration": "ON", "Policies": policy},
        )
    flow = place.flow()
    step = await flow.send(BY_CHOICE)
    assert isinstance(step, FirstFactorSelection)
    assert "WEB_AUTHN" not in step.available_challenges
    assert step.passkey_options is None
    with pytest.raises(GuardRejected, match="one of those on offer"):
        await flow.send(ChooseFactor(factor="WEB_AUTHN"))
    await flow.send(ChooseFactor(factor="PASSWORD"))
    await flow.send(EnterPassword(password=PASSWORD))
    code = place.service.outbox.messages[-1].code
    assert isinstance(await flow.send(EnterCode(code=code)), Done)


async def test_required_mfa_is_satisfied_by_a_passkey_that_verifies_the_user(place: Place) -> None:
    authenticator = SoftwareAuthenticator(RP_ID)
    await place.add(authenticator)
    place.settings(mfa_configuration="ON", passkey_factor=MULTI_FACTOR)
    _, step = await place.asked()
    assert step.options.user_verification == "required"
    await place.sign_in(authenticator)
    await place.sign_in_at_once(authenticator)


async def test_the_custom_domain_of_managed_login_is_the_relying_party(place: Place) -> None:
    """An application below that domain uses the same passkeys, and one elsewhere cannot."""
    place.settings(relying_party_id="auth.example.org")
    authenticator = SoftwareAuthenticator("auth.example.org")
    await place.add(authenticator)
    await place.sign_in(authenticator)
    with pytest.raises(PasskeyError, match=r"cannot use passkeys of 'auth\.example\.org'"):
        SoftwareAuthenticator("auth.example.org", origin="https://app.example.org")
    with pytest.raises(PasskeyError, match="it has to be the custom domain of the pool"):
        await place.sign_in(SoftwareAuthenticator(RP_ID, origin="https://app.example.org"))
