"""What observers are told: who signed in and out, how refreshes went, which step a flow has come
to.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from inspect import isawaitable
from typing import TypeAlias

import anyio

from auth_flow.errors import AuthFlowError

_log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that an async listener may take; then it is cancelled."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user has signed in, or a session was restored."""

    username: str
    user_id: str


@dataclass(frozen=True, slots=True)
class SignedOut:
    """A session is over. `reason` is `signed_out`, `user_deleted`, `ended_elsewhere`, or the name
    of the service's refusal.
    """

    username: str
    user_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class TokensRefreshed:
    """A session has new tokens."""

    username: str
    user_id: str


@dataclass(frozen=True, slots=True)
class RefreshFailed:
    """A refresh did not succeed. The session goes on, unless `SignedOut` follows."""

    username: str
    user_id: str
    error: AuthFlowError


@dataclass(frozen=True, slots=True)
class StepEntered:
    """A flow has come from one step to another (names as in `Step.name`)."""

    source: str
    step: str


Notice: TypeAlias = SignedIn | SignedOut | TokensRefreshed | RefreshFailed | StepEntered
"""Everything that observers are told. No notice holds a secret."""

Listener: TypeAlias = Callable[[Notice], Awaitable[object] | None]
"""A function or a coroutine function. What it raises is logged and changes nothing."""


class Observers:
    """The listeners of a flow and its session. They are told one after the other, and cannot break
    what they watch.
    """

    def __init__(self, listeners: Iterable[Listener] = ()) -> None:
        self._listeners = list(listeners)

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` from now on. Returns a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def tell(self, notice: Notice) -> None:
        """Tell everybody, also where the task that has something to tell is being cancelled."""
        for listener in tuple(self._listeners):
            with anyio.move_on_after(PATIENCE, shield=True) as time:
                await _tell(listener, notice)
            if time.cancelled_caught:
                _log.warning(
                    "A listener took more than %s s for %s.", PATIENCE, type(notice).__name__
                )


async def _tell(listener: Listener, notice: Notice) -> None:
    try:
        heard = listener(notice)
        if isawaitable(heard):
            await heard
    except Exception:  # noqa: BLE001 - whatever a listener does, the flow goes on
        _log.exception("A listener failed at %s.", type(notice).__name__)
