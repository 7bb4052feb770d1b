"""The one configuration value of flows and sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict

from auth_flow._finish import GRACE
from auth_flow._observers import Observers
from auth_flow.states._user_context import UserContext
from auth_flow.states.forms import FormSettings

if TYPE_CHECKING:
    from auth_flow._device_records import DeviceRecords
    from auth_flow.aws._identity_pool import IdentityPool
    from auth_flow.states._devices import RememberedDevice
    from auth_flow.stores._base import Store
    from auth_flow.transports._base import Transport


class AuthOptions(TypedDict, total=False):
    """The fields of `AuthConfig` as keywords: what `AuthFlow`, `AuthFlow.resume`, `Session` and
    `Session.load` take besides `config`.
    """

    transport: Transport | None
    user_context: UserContext | None
    devices: MutableMapping[str, RememberedDevice] | DeviceRecords | None
    device_name: str | None
    remember_device: bool
    observers: Observers
    store: Store | None
    identity_pool: IdentityPool | None
    forms: FormSettings
    clock: Callable[[], float]
    refresh_grace: float
    refresh_lease: float
    session_ttl: float
    installation_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthConfig:
    """The options of flows and their sessions, apart from the user pool.

    ::

        flow = AuthFlow(pool, transport=transport, store=store)

        config = AuthConfig(transport=transport, store=store)      # the same, for many of them
        flow = AuthFlow(pool, config=config)
        flow = AuthFlow.resume(text, pool, sealer=sealer, config=config)
        session = await Session.load(pool, "ada", config=config)

    Every field is also a keyword of `AuthFlow`, `AuthFlow.resume`, `Session` and `Session.load`; a
    keyword overrides the field of `config`. A flow hands its configuration on to its session.

    A new option is a field here and a key of `AuthOptions`.
    """

    transport: Transport | None = None
    """Carries the requests; many flows may share one, and it is the caller's to close. Without it,
    a flow opens a connection to Cognito at its first request and closes it when the flow is closed.
    A session needs one.
    """

    user_context: UserContext | None = None
    """The user's device, for the service's threat protection. A server gives it to each flow."""

    devices: MutableMapping[str, RememberedDevice] | DeviceRecords | None = None
    """The devices that the pool remembers. By default they are in `store` under `installation_id`;
    without these two, every flow keeps its own in memory. A program that keeps them elsewhere gives
    a mapping from the user's name in the pool. A device spares its user the second factor, so
    never share a mapping between browsers.
    """

    device_name: str | None = None
    """The name of this device for the user's list of devices, such as the browser's. By default it
    is the name of the operating system.
    """

    remember_device: bool = False
    """Whether a new device is remembered at sign-in if the pool leaves that to the user (opt-in).
    Otherwise DONE has a device with `user_decides`, and the session's `remember_device` decides.
    """

    observers: Observers = field(default_factory=Observers)
    """The listeners for sign-ins, sign-outs, refreshes and steps."""

    store: Store | None = None
    """Keeps the session's tokens, so that processes can share it."""

    identity_pool: IdentityPool | None = None
    """Exchanges the user's tokens for AWS credentials. It is the caller's to close."""

    forms: FormSettings = field(default_factory=FormSettings)
    """The application's knowledge about its pool for the forms, such as the attributes to ask for
    and the password policy.
    """

    clock: Callable[[], float] = time.time
    """Returns the seconds since the epoch."""

    refresh_grace: float = GRACE
    """Seconds that a refresh has left to finish once the task that asked for it is cancelled."""

    refresh_lease: float = 3.0
    """Seconds after which a refresh by another process counts as abandoned, so that the next one
    takes over. It has to be shorter than the app client's `RetryGracePeriodSeconds`.
    """

    session_ttl: float = 30 * 86400.0
    """Seconds that a session stays in the store after the last refresh token was issued. Set it to
    the app client's `RefreshTokenValidity`, whose default is 30 days.
    """

    installation_id: str | None = None
    """Names the browser, app or chat: a long-lived random id, which survives sign-out. It is stored
    with the session, and leads to the remembered devices, so it is as secret as they are.
    """


def configured(config: AuthConfig | None, options: AuthOptions) -> AuthConfig:
    """Return `config`, or the defaults, with `options` in place of its fields."""
    if config is None:
        return AuthConfig(**options)
    return replace(config, **options) if options else config
