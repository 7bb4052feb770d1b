"""The flow that applications use: an `await` for each event."""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self, Unpack

from anyio.lowlevel import checkpoint_if_cancelled
from pydantic import SecretStr

from auth_flow._config import AuthConfig, AuthOptions, configured
from auth_flow._device_records import DeviceRecords
from auth_flow._imports import ensure_imported
from auth_flow._observers import StepEntered
from auth_flow._user_pool import UserPool
from auth_flow.errors import AuthFlowError, FlowBusy, GuardRejected, NoSession, StoreError
from auth_flow.sealing import park, resume
from auth_flow.sealing._sealer import Sealer
from auth_flow.states._events import Answer, AutoSignIn, Event, SignIn, SignInOptions, check_event
from auth_flow.states._record import Record
from auth_flow.states.forms import About, Form, FormName
from auth_flow.states.steps import AutoSignInReady, CurrentDevice, Done, Idle, Step
from auth_flow.transports._base import Transport

if TYPE_CHECKING:
    from auth_flow.session import Session
    from auth_flow.states._devices import NewDevice, RememberedDevice
    from auth_flow.states._effects import Checkpoint, Fetch, Outcome
    from auth_flow.states._tokens import Tokens
    from auth_flow.transports._fetch import Fetched


_NEEDED_BY_EVENTS = ("auth_flow._driver", "auth_flow.states._turn", "auth_flow.session")
"""The modules that the first event imports: among them the state machine."""


class HistoryEntry(NamedTuple):
    """One event in a flow's history. It contains no secret.

    `at` is the time in seconds since the epoch. The event led from the step `source` to the step
    `target`. `error` is the name of the error that was raised, or None.
    """

    at: float
    event: str
    source: str
    target: str
    error: str | None = None


class AuthFlow:
    """Signs one user in to a user pool, an event at a time, on asyncio and trio.

    ::

        async with AuthFlow(UserPool(user_pool_id="eu-west-1_Abc", client_id="…")) as flow:
            step = await flow.send(SignIn(username="ada", password="…"))
            while not isinstance(step, Done):
                step = await flow.send(step.answer(await ask(step)))

    `config` and `options` say how the flow and its session work: which transport carries the
    requests, which store keeps the tokens, and so on. `AuthConfig` lists the options. `record`
    takes up a flow that was parked; if that one was signed in, the flow is idle, because a record
    holds no session. `session_id` names the session in the store; by default each sign-in has a new
    one, which `flow.session.session_id` returns.

    A flow takes one event at a time. Cancelling `send` rolls the flow back, except for effects that
    the service has already committed.
    """

    def __init__(
        self,
        pool: UserPool,
        *,
        config: AuthConfig | None = None,
        record: Record | None = None,
        session_id: str | None = None,
        **options: Unpack[AuthOptions],
    ) -> None:
        config = configured(config, options)
        self.devices = DeviceRecords.of(pool, config)
        self.pool = pool
        self._config = replace(config, devices=self.devices)
        self._transport = config.transport
        self._session_id = session_id
        self._record = record if record and not record.signed_in else Record()
        self._known_as: str | None = None
        self._error: AuthFlowError | None = None
        self._password: SecretStr | None = None
        self._session: Session | None = None
        self._busy = False
        self._history: list[HistoryEntry] = []

    # The state

    @property
    def config(self) -> AuthConfig:
        """The configuration of the flow and its session."""
        return self._config

    @property
    def step(self) -> Step:
        """The current step."""
        return self._record.step

    @property
    def record(self) -> Record:
        """The flow as a value: feed it to another `AuthFlow` to go on from here."""
        return self._record

    @property
    def accepts(self) -> tuple[str, ...]:
        """The names of the events that this step accepts, if their guards allow them. A flow that
        is signed in accepts none: sign out first.
        """
        from auth_flow.states._ended import OPENING_EVENTS
        from auth_flow.states.chart import CHART  # late, because it imports the state machine

        if self._record.ended:
            return OPENING_EVENTS
        return () if self._record.signed_in else CHART.accepts(self._record.state)

    @property
    def history(self) -> tuple[HistoryEntry, ...]:
        """The events of this object so far, without secrets."""
        return tuple(self._history)

    @property
    def signed_in(self) -> bool:
        """True if a user is signed in and the session has not ended."""
        return self._session is not None

    @property
    def session(self) -> Session:
        """The session of the signed-in user. Raises `NoSession` before the sign-in is complete, and
        after a sign-out.
        """
        if self._session is None:
            raise NoSession("No user is signed in.")
        return self._session

    def __repr__(self) -> str:
        return f"<AuthFlow {self.pool.user_pool_id} {self._record.state}>"

    # For a person

    def form(
        self,
        name: FormName | None = None,
        *,
        error: AuthFlowError | None = None,
        values: Mapping[str, object] | None = None,
    ) -> Form:
        """Describe the step to a person: what to read, to fill in and to press. Nothing is sent.

        `name` chooses among the forms of an idle flow, SIGN_IN by default; every other step has one
        form. The last error of `send` is shown at its field, or `error` in its place, and `values`
        are filled in again, except secret ones.

        If the reply to an event was lost, the form explains that and offers the ways on that do not
        repeat the event. Of an idle flow, the form of that event is the default then.
        """
        about = replace(
            self._about(name),
            error=error or self._error,
            failed=self._history[-1].event if self._history else None,
            values=values or {},
        )
        return self.step.form(about)

    def fill(
        self,
        values: Mapping[str, object] | None = None,
        action: str = "submit",
        *,
        form: FormName | None = None,
    ) -> Event:
        """Return the event that a filled-in form stands for; feed it to `send`.

        `values` are the texts by field name, `action` is the one that was pressed, and `form` names
        the form of an idle flow. An action `go:…` makes the event that leaves the step; show the
        form that it names once that event was sent.

        Raises `GuardRejected` if the form is not filled in correctly. Its `problems` name every
        fault by field, in words for the person.
        """
        return self.step.fill(values or {}, action, self._about(form))

    def _about(self, form: FormName | None) -> About:
        return self._record.about(
            form=form,
            settings=self._config.forms,
            now=self._config.clock(),
            password=self._password,
            known_as=self._known_as,
        )

    # Events

    async def send(self, event: Event) -> Step:
        """Send an event and return the next step.

        Raises `EventNotAccepted` or `GuardRejected` if the current step does not accept the event,
        `FlowBusy` if another event is under way, `FateUnknown` if the event could repeat a request
        that was sent before and never answered, and `SessionExpired` if the challenge was answered
        too late. Errors of the service and the network are `ServiceError`, `ResponseError` and
        `TransportError`. After an error, `step` is the step that the flow is in. Raises `TypeError`
        if `event` is not an event.
        """
        check_event(event)
        async with self._under_way(event.name):
            outcome = await self._perform(event)
            if outcome.error is not None:
                raise outcome.error
            step = self.step
        return step  # noqa: RET504 - observers may have sent another event by now

    async def run(
        self, event: Event, answer: Callable[[Step], Awaitable[Event | str]]
    ) -> Done | Idle:
        """Send an event, and then the answer to each step, until the flow is done, or idle after
        `Cancel`.

        `answer` returns the next event, or the text that a user typed. An error ends the loop, and
        the flow stays in its current `step`.
        """
        step = await self.send(event)
        while not isinstance(step, Done | Idle):
            if isinstance(step, AutoSignInReady):
                try:
                    step = await self.send(AutoSignIn())
                    continue
                except GuardRejected:
                    pass  # the sign-in needs the password, so the caller is asked for it
            answered = await answer(step)
            event = Answer(response=answered) if isinstance(answered, str) else answered
            step = await self.send(event)
        return step

    async def start_again(self) -> Step:
        """Begin the sign-in again with the same user name and options. Use this to get another
        code, because Cognito cannot resend the codes of a sign-in.

        Raises `NoSession` if there is no sign-in to begin again, and `GuardRejected` if it takes
        the password and the flow does not hold it.
        """
        known = self._record
        if known.login_id is None or isinstance(known.step, Done):
            raise NoSession("No sign-in is under way that could be started again.")
        sign_in_options = known.sign_in_options or SignInOptions()
        password = self._password if sign_in_options.takes_password else None
        return await self.send(
            SignIn(username=known.login_id, password=password, **sign_in_options.model_dump())
        )

    @asynccontextmanager
    async def _under_way(self, event: str) -> AsyncGenerator[None]:
        """Keep other events out during this one. Afterwards add it to the history, and notify the
        observers if the step is another one.
        """
        if self._busy:
            raise FlowBusy("This flow is busy with another event.")
        self._busy = True
        source = self._record.state
        error: str | None = "Cancelled"
        try:
            await ensure_imported(*_NEEDED_BY_EVENTS)
            yield
            error = None
            self._error = None
        except Exception as failure:
            self._error = failure if isinstance(failure, AuthFlowError) else None
            error = failure.name if isinstance(failure, AuthFlowError) else type(failure).__name__
            raise
        finally:
            self._busy = False
            self._history.append(
                HistoryEntry(self._config.clock(), event, source, self._record.state, error)
            )
            if self._record.state != source:
                await self._config.observers.tell(StepEntered(source, self._record.state))

    async def _perform(self, event: Event) -> Outcome:
        from auth_flow._driver import drive
        from auth_flow.states._turn import Turn, advance

        await checkpoint_if_cancelled()  # a task that has been cancelled sends nothing
        turn = Turn(
            self._record,
            event,
            client=self.pool,
            clock=self._config.clock,
            password=self._password,
            user_context=self._config.user_context,
            clock_difference=self._clock_difference,
            devices=await self.devices.load(),
        )
        outcome = await drive(
            advance(turn),
            call=self._call,
            fetch=self._fetch,
            keep=self._keep,
            drop_device=self.devices.drop,
        )
        await self._adopt(outcome)
        return outcome

    def _clock_difference(self) -> float:
        """Return how far the service's clock is ahead, if the transport offers to measure it."""
        return getattr(self._transport, "clock_difference", None) or 0.0

    def _call(self, operation: str, body: dict[str, Any]) -> Awaitable[dict[str, Any]]:
        return self._open_transport().call(operation, body)

    async def _fetch(self, request: Fetch) -> Fetched:
        from auth_flow._fetch import fetch

        return await fetch(self._open_transport(), request)

    async def _keep(self, checkpoint: Checkpoint) -> None:
        self._record = checkpoint.record
        self._password = checkpoint.password or self._password

    async def _adopt(self, outcome: Outcome) -> None:
        """Replace the flow's state by the outcome of an event, and begin the session if the user is
        signed in.
        """
        self._known_as = outcome.record.login_id or self._record.login_id or self._known_as
        self._record = outcome.record
        self._password = outcome.password
        if outcome.tokens is not None:
            await self._begin_session(outcome.tokens, outcome.device, outcome.new_device)

    async def _begin_session(
        self,
        tokens: Tokens,
        device: RememberedDevice | None = None,
        new_device: NewDevice | None = None,
    ) -> None:
        """Begin the session, store it if there is a store, and confirm a new device.

        The flow has the session even if the store fails, because the service issues these tokens
        only once.
        """
        from auth_flow._finish import finish_despite_cancel
        from auth_flow.session import Session

        # A session may outlive its flow. With a strong reference, the two would form a cycle, and
        # their secrets would stay in memory until the garbage collector runs.
        reference = weakref.ref(self)

        def on_end(session: Session) -> None:
            if (flow := reference()) is not None:
                flow._end_session(session)

        self._session = Session(
            self.pool,
            tokens,
            config=replace(self._config, transport=self._open_transport()),
            session_id=self._session_id,
            login_id=self._record.login_id,
            device=device,
            new_device=new_device,
            on_end=on_end,
        )
        session = self._session
        try:
            if self._config.store is None and new_device is None:
                await session.keep()
            else:
                await finish_despite_cancel(session.keep)
        except StoreError as error:
            error.retryable = False  # the service has accepted the event; only the store failed
            raise
        finally:
            self._show_device(session.current_device)

    def _show_device(self, device: CurrentDevice | None) -> None:
        """Let DONE show the device that was confirmed, or why it was not."""
        step = self._record.step
        if isinstance(step, Done) and step.device != device:
            self._record = self._record.at(step.model_copy(update={"device": device}))

    async def restore_session(
        self, tokens: Tokens, *, device: RememberedDevice | None = None
    ) -> Step:
        """Adopt tokens that were obtained elsewhere, and the device that they were issued to. The
        flow is DONE, and nothing is sent. An unfinished flow is abandoned.

        Raises `FlowBusy` if an event is under way, and `StoreError` if the store does not accept
        the tokens.
        """
        async with self._under_way("restore_session"):
            subject = tokens.access_token.claims.subject
            done = Done(signed_in=True, username=tokens.username, user_id=subject)
            self._leap(Record(step=done, username=tokens.username))
            await self._begin_session(tokens, device)
        return self.step

    def _end_session(self, session: Session) -> None:
        """Return to IDLE after the end of the session."""
        if session is not self._session:
            return
        source = self._record.state
        self._session = None
        self._leap(Record())
        self._history.append(HistoryEntry(self._config.clock(), "end_session", source, Idle.name))

    def _leap(self, record: Record) -> None:
        """Take a transition that no event of the caller's causes."""
        from auth_flow.states.chart import CHART

        CHART.settle(self._record.state, record.state)
        self._record = record
        self._password = None

    def _open_transport(self) -> Transport:
        if self._transport is None:
            # Late, because it imports httpx.
            from auth_flow.transports._cognito import CognitoTransport

            self._transport = CognitoTransport(self.pool.url)
        return self._transport

    # Parking

    def park(self, sealer: Sealer, *, owner: str = "", limit: int | None = None) -> str:
        """Return the flow as a sealed, URL-safe text, for a cookie, a bot's state or a database.

        The text opens for this pool, app client and `owner` (a chat, a browser) only. It holds no
        password and no token.

        `limit` is the greatest number of characters; for a cookie, about 3,800. If the flow is
        longer, the text leaves out what no answer needs: the parameters of a custom challenge, such
        as a captcha, and the list of the user's passkeys, without which a browser offers all that
        it has for the site. The flow can still be continued, but a custom challenge cannot be shown
        again. Raises `FlowTooLarge` if that is not enough, and `FlowBusy` while an event is under
        way.
        """
        if self._busy:
            raise FlowBusy("This flow is busy with an event.")
        return park(self._record, sealer, self.pool, owner=owner, limit=limit)

    @classmethod
    def resume(
        cls,
        text: str,
        pool: UserPool,
        *,
        sealer: Sealer,
        owner: str = "",
        config: AuthConfig | None = None,
        session_id: str | None = None,
        **options: Unpack[AuthOptions],
    ) -> Self:
        """Take up a flow that was parked at most a day ago, in any process.

        `config` and `options` are those of the constructor. Raises `SealBroken`.
        """
        record = resume(text, sealer, pool, owner=owner)
        return cls(pool, config=config, record=record, session_id=session_id, **options)

    # The end

    async def aclose(self) -> None:
        """Close the connection if the flow opened it itself. A session that is used after its flow
        needs a transport of the caller's.
        """
        if self._transport is not None and self._config.transport is None:
            await self._transport.aclose()
            self._transport = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
