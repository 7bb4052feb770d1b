"""Authentication levels on the pages of managed login: `acr_values` and `max_age`."""

from __future__ import annotations

from typing import Any

import pytest

from auth_flow import AuthFlow, ReturnFromRedirect, SignInWithRedirect, UserPool
from auth_flow.embedded import TurnableClock
from auth_flow.embedded import _totp as totp
from auth_flow.embedded._models import Totp
from auth_flow.states import RedirectRequired
from tests.embedded.hosted import CALLBACK, LOGOUT, App, claims
from tests.embedded.wire import PASSWORD, settings

pytestmark = pytest.mark.anyio

LEVEL = "urn:cognito:loa:"
KEY = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def app(app: App) -> App:
    """The application. Its user ada has an authenticator app."""
    ada = app.wire.pool.user("ada")
    assert ada is not None
    ada.totp = Totp(secret=KEY)
    app.wire.pool.save(ada)
    return app


async def sign_in_for(app: App, acr_values: str | None, **changes: str) -> None:
    """Sign in with the password, as far as that leads."""
    await app.authorize(acr_values=acr_values, **changes)
    await app.browser.submit(username="ada", **({} if acr_values else {"password": PASSWORD}))
    if acr_values:
        if "How to sign in?" in app.browser.title:
            await app.browser.submit(factor="PASSWORD")
        await app.browser.submit(password=PASSWORD)


async def enter_code(app: App) -> None:
    await app.browser.submit(code=totp.code(KEY, app.wire.service.clock()))


async def told(app: App) -> dict[str, Any]:
    """The claims of the tokens that the application gets."""
    tokens = (await app.redeem()).json()
    identity, access = claims(tokens["id_token"]), claims(tokens["access_token"])
    assert [access.get(name) for name in ("acr", "amr", "auth_time")] == [
        identity.get(name) for name in ("acr", "amr", "auth_time")
    ]
    app.browser.left_for = ""
    return identity


async def test_a_level_is_asked_for_and_named_in_the_tokens(app: App) -> None:
    await sign_in_for(app, f"{LEVEL}4")
    assert app.browser.title == "Enter the app's code"
    assert app.browser.left_for == ""
    await enter_code(app)
    identity = await told(app)
    assert (identity["acr"], identity["amr"]) == (f"{LEVEL}4", ["pwd", "otp", "mfa"])


async def test_levels_have_the_names_of_the_pool(app: App) -> None:
    settings(app.wire, level_names=("low", "medium", "high", "highest"))
    await sign_in_for(app, "low")
    assert (await told(app))["acr"] == "low"


async def test_without_acr_values_the_tokens_name_no_level(app: App) -> None:
    await sign_in_for(app, None)
    identity = await told(app)
    assert not {"acr", "amr"} & set(identity)


async def test_a_step_up_asks_only_for_what_is_missing(app: App, clock: TurnableClock) -> None:
    await sign_in_for(app, None)
    before = await told(app)
    clock.turn(seconds=60)
    await app.authorize(acr_values=f"{LEVEL}4")
    assert app.browser.title == "Enter the app's code"
    await enter_code(app)
    after = await told(app)
    assert (after["acr"], after["amr"]) == (f"{LEVEL}4", ["pwd", "otp", "mfa"])
    assert after["auth_time"] == before["auth_time"] + 60


async def test_a_session_that_is_strong_enough_asks_for_nothing(app: App) -> None:
    await sign_in_for(app, f"{LEVEL}4")
    await enter_code(app)
    await told(app)
    for acr_values in (f"{LEVEL}1", f"{LEVEL}4 {LEVEL}1", f"{LEVEL}3"):
        await app.authorize(acr_values=acr_values, prompt="none")
        assert (await told(app))["acr"] == f"{LEVEL}4"


async def test_the_first_level_that_the_user_can_reach_counts(app: App) -> None:
    """Without the app, level 4 is out of reach, and the password with a code is level 3."""
    ada = app.wire.pool.user("ada")
    assert ada is not None
    ada.totp = None
    app.wire.pool.save(ada)
    await sign_in_for(app, f"{LEVEL}1")
    await told(app)
    await app.authorize(acr_values=f"{LEVEL}4 {LEVEL}1")
    assert (await told(app))["acr"] == f"{LEVEL}1"
    await app.authorize(acr_values=f"{LEVEL}4")
    assert app.browser.title == "Error: Sign in"
    assert "no factors for the requested authentication level" in app.browser.text


async def test_prompt_none_is_refused_if_the_level_is_not_reached(app: App) -> None:
    await sign_in_for(app, None)
    await told(app)
    await app.authorize(acr_values=f"{LEVEL}4", prompt="none")
    assert app.browser.returned == {"error": "login_required", "state": "st-1"}


async def test_prompt_login_asks_for_everything(app: App) -> None:
    await sign_in_for(app, f"{LEVEL}1")
    await told(app)
    await sign_in_for(app, f"{LEVEL}4", prompt="login")
    assert app.browser.title == "Enter the app's code"


async def test_a_session_that_is_too_old(app: App, clock: TurnableClock) -> None:
    await sign_in_for(app, None)
    first = await told(app)
    clock.turn(seconds=60)
    await app.authorize(max_age="60")
    assert (await told(app))["auth_time"] == first["auth_time"]
    await app.authorize(max_age="59", prompt="none")
    assert app.browser.returned["error"] == "login_required"
    app.browser.left_for = ""
    await sign_in_for(app, None, max_age="59")
    assert (await told(app))["auth_time"] == first["auth_time"] + 60


async def test_what_was_proven_too_long_ago_is_proven_again(app: App, clock: TurnableClock) -> None:
    await sign_in_for(app, f"{LEVEL}1")
    await told(app)
    clock.turn(seconds=61)
    await app.authorize(acr_values=f"{LEVEL}4", max_age="60")
    assert app.browser.title == "How to sign in?"
    await app.browser.submit(factor="PASSWORD")
    await app.browser.submit(password=PASSWORD)
    await enter_code(app)
    assert (await told(app))["acr"] == f"{LEVEL}4"


async def test_another_user_proves_everything(app: App) -> None:
    """What ada has proven in the browser does not count for eve, who takes over the page."""
    app.wire.pool.create_user("eve", PASSWORD, attributes={"email": "eve@example.org"})
    eve = app.wire.pool.user("eve")
    assert eve is not None
    eve.totp = Totp(secret=KEY)
    app.wire.pool.save(eve)
    await sign_in_for(app, f"{LEVEL}1")
    await told(app)
    await app.authorize(acr_values=f"{LEVEL}4")
    await app.browser.submit("cancel")
    await app.browser.submit(username="eve")
    assert app.browser.title == "How to sign in?"
    await app.browser.submit(factor="PASSWORD")
    await app.browser.submit(password=PASSWORD)
    await enter_code(app)
    identity = await told(app)
    assert (identity["cognito:username"], identity["acr"]) == ("eve", f"{LEVEL}4")


async def test_a_refresh_keeps_the_level_and_a_sign_out_ends_it(app: App) -> None:
    await sign_in_for(app, f"{LEVEL}4")
    await enter_code(app)
    tokens = (await app.redeem()).json()
    renewed = await app.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert claims(renewed.json()["id_token"])["acr"] == f"{LEVEL}4"
    await app.browser.get("/logout", client_id=app.client_id, logout_uri=LOGOUT)
    await app.authorize(acr_values=f"{LEVEL}1", prompt="none")
    assert app.browser.returned["error"] == "login_required"


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"acr_values": "gold"}, "acr_values"), ({"max_age": "soon"}, "max_age")],
)
async def test_values_that_mean_nothing(app: App, changes: dict[str, str], word: str) -> None:
    await app.authorize(**changes)
    assert app.browser.returned["error"] == "invalid_request"
    assert word in app.browser.returned["error_description"]


async def test_a_plan_without_levels_says_so(app: App) -> None:
    settings(app.wire, described={"UserPoolTier": "LITE"})
    await app.authorize(acr_values=f"{LEVEL}1")
    await app.browser.submit(username="ada")
    assert "not available in the feature plan" in app.browser.text


async def test_a_flow_of_ours_asks_for_a_level(app: App) -> None:
    """The library on one side, the pages on the other."""
    here = "http://localhost"
    client = app.wire.pool.clients.get(app.client_id)
    assert client is not None
    pool = UserPool(user_pool_id=app.wire.pool.id, client_id=client.id, endpoint=here, domain=here)
    event = SignInWithRedirect(redirect_uri=CALLBACK, acr_values=f"{LEVEL}4", max_age=60)
    transport = app.wire.service.transport()
    async with AuthFlow(pool, transport=transport, clock=app.wire.service.clock) as flow:
        step = await flow.send(event)
        assert isinstance(step, RedirectRequired)
        await app.browser.get(step.url)
        await app.browser.submit(username="ada")
        await app.browser.submit(factor="PASSWORD")
        await app.browser.submit(password=PASSWORD)
        await enter_code(app)
        await flow.send(ReturnFromRedirect(url=app.browser.left_for))
        assert flow.session.access_token.claims.acr == f"{LEVEL}4"
        assert flow.session.access_token.claims.amr == ("pwd", "otp", "mfa")
