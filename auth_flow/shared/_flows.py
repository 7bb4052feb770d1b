"""Flows that many workers share: any of them may take the next event, and no two of them at
once.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeAlias, Unpack

import anyio

from auth_flow._config import AuthConfig, AuthOptions, configured
from auth_flow._finish import finish_despite_cancel
from auth_flow._observers import FlowUnreadable
from auth_flow._user_pool import UserPool
from auth_flow.errors import AuthFlowError, FlowBusy, SealBroken, StoreError
from auth_flow.sealing._parked import DAY
from auth_flow.sealing._sealer import Sealer
from auth_flow.shared._claim import Claim, Shelf
from auth_flow.shared._entry import entry_name
from auth_flow.shared._flow import SharedFlow
from auth_flow.states._record import Record
from auth_flow.states.forms import Form, FormName, FormSettings
from auth_flow.states.steps import Step
from auth_flow.stores._base import Store

Unreadable: TypeAlias = Literal["begin_anew", "raise"]


@dataclass(frozen=True, slots=True)
class FlowView:
    """A stored flow, as returned by `SharedFlows.look`.

    `version` is for `SharedFlows.take(key, expected=version)`. `busy` says whether a worker has
    claimed the flow at the moment.
    """

    record: Record
    version: str
    busy: bool
    _settings: FormSettings = field(repr=False)
    _now: float = field(repr=False)

    @property
    def step(self) -> Step:
        """The step that the flow rests in."""
        return self.record.step

    def form(
        self,
        name: FormName | None = None,
        *,
        error: AuthFlowError | None = None,
        values: Mapping[str, object] | None = None,
    ) -> Form:
        """Describe the step to a person, as `AuthFlow.form` does."""
        about = self.record.about(form=name, settings=self._settings, now=self._now)
        return self.step.form(replace(about, error=error, values=values or {}))


class SharedFlows:
    """The flows of one user pool, in a store that the workers share.

    ::

        flows = SharedFlows(RedisStore("redis://…"), sealer, pool, transport=transport)

        async def on_message(chat: str, text: str) -> None:
            async with flows.take(chat) as flow:
                step = await flow.send(Answer(response=text))

    Cognito takes each of its sessions once, so an event must not be sent by two workers, nor twice.
    A worker that takes a flow claims it, and the store refuses the others. Before an event is sent,
    the store knows that it is about to be; if the worker dies then, the next one gets `FateUnknown`
    instead of sending it again. A flow that is done leaves a tombstone without secrets, so that
    another answer raises `AlreadyDone`.

    `config` and `options` are those of the flows; see `AuthConfig`. Among them, `store` keeps the
    *sessions*. Give a transport: otherwise each flow opens a connection of its own. The
    `installation_id` is for `take`, because a remembered device spares the second factor: raises
    `ValueError` if all flows would have the same one, or the same `devices`.

    All times are in seconds:

    - `claim`: how long a worker has for an event before others may take the flow. Each write
      extends it. It should be longer than your pool usually takes to answer; if it is too short,
      the person has to sign in again.
    - `ttl`: how long an unfinished flow is kept.
    - `tombstone`: how long it is remembered that a flow is done.

    If a stored flow cannot be opened, because its key was replaced or it was written by another
    version, `unreadable` decides: `"begin_anew"` puts a fresh flow in its place and notifies the
    observers (`FlowUnreadable`), `"raise"` raises `SealBroken`.
    """

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        pool: UserPool,
        /,
        *,
        config: AuthConfig | None = None,
        claim: float = 10.0,
        ttl: float = DAY,
        tombstone: float = 600.0,
        unreadable: Unreadable = "begin_anew",
        **options: Unpack[AuthOptions],
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._pool = pool
        self._config = configured(config, options)
        if self._config.installation_id is not None or self._config.devices is not None:
            raise ValueError(
                "The flows of several people must not share remembered devices. Give each person's"
                " when you take the flow: flows.take(key, installation_id=…)."
            )
        self._claim = claim
        self._ttl = ttl
        self._tombstone = tombstone
        self._unreadable = unreadable

    async def look(self, key: str) -> FlowView:
        """Return the flow of `key` as it is stored, without claiming it: for showing a page.

        A flow that does not exist is IDLE. Raises `StoreUnavailable`, and `SealBroken` if the flow
        cannot be opened and `unreadable` is `"raise"`.
        """
        shelf = self._shelf(key)
        forms, now = self._config.forms, shelf.clock()
        try:
            stored, _ = await shelf.load()
            record = shelf.open(stored)
        except SealBroken:
            await self._report_unreadable()
            return FlowView(Record(), "", False, forms, now)
        return FlowView(record, stored.version, now < stored.claimed_until, forms, now)

    @asynccontextmanager
    async def take(
        self,
        key: str,
        *,
        wait: float = 0.0,
        expected: str | None = None,
        **options: Unpack[AuthOptions],
    ) -> AsyncGenerator[SharedFlow]:
        """Hold the flow of `key`, or a new one if there is none. Each event is stored as it ends.

        `wait` is for how many seconds to wait while another worker has the flow. `expected` is the
        version that the person's form was made for (`FlowView.version`, `SharedFlow.version`).
        `options` are for this time only: the IP address in `user_context`, for example.

        Raises `FlowBusy` if another worker still has the flow, `FlowMovedOn` if it has another
        version, `AlreadyDone` if it has ended since, and `StoreUnavailable`. In all these cases
        nothing was sent.
        """
        claim = Claim(self._shelf(key))
        flow: SharedFlow | None = None

        async def let_go() -> None:
            await claim.save(flow.record if flow else claim.record)

        try:
            await self._acquire(claim, wait, expected)
            flow = SharedFlow(self._pool, claim, configured(self._config, options))
            async with flow:
                yield flow
        except BaseException:
            with suppress(StoreError):
                await finish_despite_cancel(let_go)
            raise
        else:
            if not claim.is_settled(flow.record):
                await finish_despite_cancel(let_go)

    async def forget(self, key: str) -> None:
        """Delete the flow of `key`. If a worker has claimed it, its next write fails.

        Raises `StoreUnavailable`.
        """
        shelf = self._shelf(key)
        await finish_despite_cancel(partial(shelf.store.delete, shelf.name))

    async def _acquire(self, claim: Claim, wait: float, expected: str | None) -> None:
        deadline = anyio.current_time() + wait
        acquire = partial(claim.acquire, expected, self._report_unreadable)
        while not await finish_despite_cancel(acquire):
            if anyio.current_time() >= deadline:
                raise FlowBusy("Another worker is busy with this flow.")
            # A random time, so that the waiting workers do not all try at once.
            await anyio.sleep(random.uniform(0.02, 0.08))  # noqa: S311

    async def _report_unreadable(self) -> None:
        if self._unreadable == "raise":
            raise SealBroken("The stored flow cannot be opened: its key is gone, or it is damaged.")
        await self._config.observers.tell(FlowUnreadable())

    def _shelf(self, key: str) -> Shelf:
        return Shelf(
            store=self._store,
            sealer=self._sealer,
            pool=self._pool,
            key=key,
            name=entry_name(self._pool, key),
            clock=self._config.clock,
            claim=self._claim,
            ttl=self._ttl,
            tombstone=self._tombstone,
        )
