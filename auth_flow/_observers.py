"""Notices to observers: sign-ins and sign-outs, refreshes, devices, and the steps of a flow."""

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
"""Seconds after which an asynchronous listener is cancelled."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user has signed in, or a session was restored."""

    username: str
    user_id: str


@dataclass(frozen=True, slots=True)
class SignedOut:
    """A session has ended.

    `reason` is `signed_out`, `user_deleted`, `ended_elsewhere`, or the name of the service's
    exception.
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
    """A refresh failed. The session continues unless `SignedOut` follows."""

    username: str
    user_id: str
    error: AuthFlowError


@dataclass(frozen=True, slots=True)
class DeviceNotConfirmed:
    """A device that is new to the pool was not confirmed, remembered or stored.

    The user is signed in all the same. The session tries to confirm the device again with its next
    request, after a minute at the earliest.
    """

    username: str
    user_id: str
    device_key: str
    error: AuthFlowError


@dataclass(frozen=True, slots=True)
class StepEntered:
    """A flow has moved from the step `source` to `step`, both given as `Step.name`."""

    source: str
    step: str


@dataclass(frozen=True, slots=True)
class FlowUnreadable:
    """A stored flow could not be opened, and a new one takes its place.

    Its key was replaced, another version wrote it, or it was tampered with.
    """


Notice: TypeAlias = (
    SignedIn
    | SignedOut
    | TokensRefreshed
    | RefreshFailed
    | DeviceNotConfirmed
    | StepEntered
    | FlowUnreadable
)
"""All notices. None of them contains a secret."""

Listener: TypeAlias = Callable[[Notice], Awaitable[object] | None]
"""A function or a coroutine function. If it raises an exception, that is logged and ignored."""


class Observers:
    """The listeners of a flow and its session.

    They are called one after the other. A listener that fails or hangs does not affect the flow.
    """

    def __init__(self, listeners: Iterable[Listener] = ()) -> None:
        self._listeners = list(listeners)

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every notice from now on. Returns a function that removes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def tell(self, notice: Notice) -> None:
        """Call every listener, even if the current task is being cancelled."""
        for listener in tuple(self._listeners):
            with anyio.move_on_after(PATIENCE, shield=True) as time:
                await _tell(listener, notice)
            if time.cancelled_caught:
                _log.warning(
                    "A listener took more than %s s for %s.", PATIENCE, type(notice).__name__
                )


async def _tell(listener: Listener, notice: Notice) -> None:
    try:
        result = listener(notice)
        if isawaitable(result):
            await result
    except Exception:  # noqa: BLE001 - a listener must not break the flow
        _log.exception("A listener failed at %s.", type(notice).__name__)
