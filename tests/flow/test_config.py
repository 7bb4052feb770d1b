"""One configuration value serves flows, parked flows and sessions."""

from __future__ import annotations

from dataclasses import fields

import pytest

from auth_flow import (
    AuthConfig,
    AuthFlow,
    AuthOptions,
    MemoryStore,
    Sealer,
    Session,
    Tokens,
    UserContext,
    new_key,
)

from .scripted import POOL, Clock, Script, tokens


def test_every_field_is_a_keyword_too() -> None:
    assert {field.name for field in fields(AuthConfig)} == set(AuthOptions.__annotations__)


def test_a_refresh_has_five_seconds_left_if_its_task_is_cancelled() -> None:
    assert AuthConfig().refresh_grace == 5


def test_a_keyword_overrides_the_field_of_the_configuration(script: Script) -> None:
    config = AuthConfig(transport=script, user_context=UserContext(ip_address="192.0.2.1"))
    flow = AuthFlow(POOL, config=config, user_context=UserContext(ip_address="192.0.2.2"))
    assert flow.config.transport is script
    assert flow.config.user_context == UserContext(ip_address="192.0.2.2")


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises(TypeError, match="transprot"):
        AuthFlow(POOL, transprot=None)  # type: ignore[call-arg]


def test_flows_that_share_a_configuration_do_not_share_devices() -> None:
    config = AuthConfig()
    assert AuthFlow(POOL, config=config).devices is not AuthFlow(POOL, config=config).devices


def test_a_parked_flow_resumes_with_the_configuration(script: Script) -> None:
    config, sealer = AuthConfig(transport=script), Sealer([new_key()])
    text = AuthFlow(POOL, config=config).park(sealer)
    assert AuthFlow.resume(text, POOL, sealer=sealer, config=config).config.transport is script


@pytest.mark.anyio
async def test_a_flow_hands_its_configuration_on_to_the_session(
    script: Script, clock: Clock
) -> None:
    config = AuthConfig(transport=script, store=MemoryStore(clock), clock=clock)
    flow = AuthFlow(POOL, config=config)
    given = tokens()["AuthenticationResult"]
    held = Tokens.read(given["AccessToken"], given["IdToken"], given["RefreshToken"])
    await flow.restore_session(held)
    loaded = await Session.load(POOL, "ada", config=config)
    assert loaded.access_token.text == flow.session.access_token.text


@pytest.mark.anyio
async def test_a_session_says_which_option_it_lacks(script: Script) -> None:
    with pytest.raises(ValueError, match="store"):
        await Session.load(POOL, "ada", transport=script)
    given = tokens()["AuthenticationResult"]
    with pytest.raises(ValueError, match="transport"):
        Session(POOL, Tokens.read(given["AccessToken"]))
