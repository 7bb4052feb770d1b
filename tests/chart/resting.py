"""A flow that rests at a record, and whose requests would be noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from pydantic import SecretStr

from auth_flow import AuthFlow, Record, Tokens, UserPool
from auth_flow.core import Turn
from auth_flow.states import Event
from tests.flow.scripted import jwt

from .samples import NOW

POOL = UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example", domain="login.example.com")


class Silent:
    """A transport that must not be used."""

    async def call(self, operation: str, body: Mapping[str, object]) -> NoReturn:
        raise AssertionError(f"{operation} was sent")

    async def aclose(self) -> None: ...


async def flow_at(record: Record) -> AuthFlow:
    """The flow; signed in, where the record says so, with a session that was obtained elsewhere."""
    flow = AuthFlow(POOL, transport=Silent(), record=record, clock=lambda: NOW)
    if record.signed_in:
        await flow.restore_session(Tokens.read(jwt(sub="uid-1", username="ada")))
    return flow


def turn(record: Record, event: Event, *, password: str | None = None, later: float = 0.0) -> Turn:
    """The turn of an event that is sent to a flow at this record."""
    held = None if password is None else SecretStr(password)
    return Turn(record, event, POOL, clock=lambda: NOW + later, password=held)
