"""A signed-in user: tokens that stay fresh, and the operations of the user."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self, Unpack

from pydantic import SecretStr

from auth_flow._config import AuthConfig, AuthOptions, configured
from auth_flow._device_records import DeviceRecords
from auth_flow._finish import finish_despite_cancel
from auth_flow._observers import RefreshFailed, SignedIn, SignedOut, TokensRefreshed
from auth_flow._user_pool import UserPool
from auth_flow.errors import (
    AuthFlowError,
    MalformedResponse,
    MissingScope,
    ResourceNotFoundException,
    SessionEnded,
    StoreError,
)
from auth_flow.session._base import CurrentUser
from auth_flow.session._devices import DeviceCalls
from auth_flow.session._hosted import (
    USER_SCOPE,
    fetch_user_info,
    hosted_logout_url,
    lacks_user_scope,
)
from auth_flow.session._listed_sessions import UserSessionCalls
from auth_flow.session._mfa import MfaCalls
from auth_flow.session._own_device import OwnDevice
from auth_flow.session._passkeys import PasskeyCalls
from auth_flow.session._refusals import ends_session, is_revoked, refuses_access_token
from auth_flow.session._renewal import VERDICTS, Renewal
from auth_flow.session._sign_out import SignOutResult, end_sessions, revoke, try_to_revoke
from auth_flow.session._single_flight import SingleFlight
from auth_flow.session._storage import SessionStorage, new_session_id
from auth_flow.states._base import Metadata, hidden, in_clear
from auth_flow.states._devices import NewDevice, RememberedDevice
from auth_flow.states._events import SignIn
from auth_flow.states._requests import is_unknown_device, present
from auth_flow.states._tokens import Token, Tokens
from auth_flow.states.steps import CurrentDevice
from auth_flow.transports._base import Transport

if TYPE_CHECKING:
    import httpx

    from auth_flow._flow import AuthFlow

STEP_UP = "RespondToAuthChallenge"
"""The operation that brings the tokens of a step-up."""


class Session(MfaCalls, DeviceCalls, PasskeyCalls, UserSessionCalls):
    """A signed-in user. Every operation is sent with a fresh access token.

    `config` and `options` are those of the flow (see `AuthConfig`). A session needs a transport,
    which it does not close. With a store, `keep` puts the session there under its `session_id`, by
    default a new one, and processes share it; they refresh it one at a time. `device` is the
    remembered device that the tokens were issued to, and `new_device` one that `keep` confirms.
    `on_end` is called once, with the session, when it is over. Raises `ValueError` without a
    transport.

    A session ends by `sign_out`, by `delete_user`, or because the service refuses the refresh token
    or the user. It does not end because a network, a limit or a server failed: such an error is
    raised, and the next call tries again. If the service refuses an access token before it expires,
    the session refreshes it once; then either the operation goes through or the session has ended.
    """

    def __init__(
        self,
        pool: UserPool,
        tokens: Tokens,
        *,
        config: AuthConfig | None = None,
        session_id: str | None = None,
        login_id: str | None = None,
        device: RememberedDevice | None = None,
        new_device: NewDevice | None = None,
        on_end: Callable[[Session], None] | None = None,
        **options: Unpack[AuthOptions],
    ) -> None:
        config = configured(config, options)
        if config.transport is None:
            raise ValueError("A session needs a transport: Session(pool, tokens, transport=…).")
        self.pool = pool
        self.session_id = session_id or new_session_id()
        self._tokens: Tokens | None = tokens
        self._end_reason = ""
        self._revoked: Tokens | None = None
        user_id = tokens.access_token.claims.subject
        self._user = CurrentUser(tokens.username or login_id or user_id, user_id, login_id)
        self._transport: Transport = config.transport
        records = DeviceRecords.of(pool, config)
        self._config = replace(config, devices=records)
        self._on_end = on_end
        self._own_device = OwnDevice(
            records,
            self._user,
            config,
            device=device or (None if new_device else records.at_hand(self.username)),
            new_device=new_device,
        )
        self._observers = config.observers
        self._storage = SessionStorage(pool, self.session_id, config) if config.store else None
        self._renewal = Renewal(pool, config.transport, config.clock)
        self._refreshing = SingleFlight[Tokens]()
        self._step_ups = 0

    @classmethod
    async def load(
        cls,
        pool: UserPool,
        username: str | None = None,
        *,
        session_id: str | None = None,
        config: AuthConfig | None = None,
        **options: Unpack[AuthOptions],
    ) -> Self:
        """Load a session from the store, by its id.

        With `username`, the name in the pool, in place of the id, the latest session of this user
        is loaded: that is for programs of one person, such as a command line. With both, the
        session has to be this user's. `config` and `options` are those of the constructor.

        Raises `NoSession` if there is no such session or it cannot be read, `StoreUnavailable`, and
        `ValueError` without a store or without id and name.
        """
        config = configured(config, options)
        storage, found_id, stored = await SessionStorage.find(pool, username, session_id, config)
        installation_id = config.installation_id or stored.installation_id
        config = replace(config, installation_id=installation_id)
        devices = await DeviceRecords.of(pool, config).load()
        session = cls(
            pool,
            stored.tokens,
            config=config,
            session_id=found_id,
            login_id=stored.login_id,
            device=devices.find(stored.username),
            new_device=stored.new_device,
        )
        session._storage = storage
        return session

    # The user and the tokens

    @property
    def username(self) -> str:
        """The user's name in the pool."""
        return self._user.username

    @property
    def user_id(self) -> str:
        """The access token's `sub`."""
        return self._user.user_id

    @property
    def installation_id(self) -> str | None:
        """The browser, app or chat that signed in, if the configuration names it."""
        return self._config.installation_id

    @property
    def tokens(self) -> Tokens:
        """The tokens as they are now, expired or not. Raises `SessionEnded`."""
        if self._tokens is None:
            raise SessionEnded(self._end_reason)
        return self._tokens

    @property
    def access_token(self) -> Token:
        """The access token as it is now. `fresh_tokens` returns one that can be used.

        Raises `SessionEnded`.
        """
        return self.tokens.access_token

    @property
    def active(self) -> bool:
        """True until the session ends, as far as this process knows."""
        return self._tokens is not None

    def get_current_user(self) -> CurrentUser:
        """Return the signed-in user, without a request. Raises `SessionEnded`."""
        _ = self.tokens
        return self._user

    def __repr__(self) -> str:
        return f"<Session {self.username} {'active' if self.active else 'over'}>"

    # Fresh tokens

    async def fresh_tokens(
        self, *, force: bool = False, client_metadata: Metadata | None = None
    ) -> Tokens:
        """Return the tokens, refreshing them if they have expired or if `force` is true.

        However many tasks call this at once, one request is made, with the `client_metadata` of the
        first. Raises `SessionEnded` if the session has ended or ends by this, and `NoRefreshToken`.
        Any other error leaves the session as it is.
        """
        held, now = self.tokens, self._config.clock()
        if force or not held.fresh_at(now):
            return await self.refresh(held, client_metadata)
        if self._own_device.is_due(now):
            await self._confirm_device()
        return held

    async def refresh(self, stale: Tokens, client_metadata: Metadata | None = None) -> Tokens:
        """Return other tokens than `stale`.

        They are refreshed unless that has been done in the meantime. Raises the errors of
        `fresh_tokens`.
        """
        return await self._refreshing.run(lambda: self._refresh(stale, client_metadata))

    async def _refresh(self, stale: Tokens, client_metadata: Metadata | None) -> Tokens:
        if self.tokens is not stale:
            return self.tokens

        step_ups = self._step_ups

        async def renew(tokens: Tokens) -> Tokens:
            if tokens.fresh_at(self._config.clock()):
                await self._own_device.confirm(self._request_now)
            fresh = await self._renew_on_device(tokens, client_metadata)
            await self._hold(fresh, step_ups)
            return fresh

        try:
            if self._storage:
                fresh = await self._storage.renew(stale, renew, username=self.username)
            else:
                fresh = await finish_despite_cancel(
                    lambda: renew(stale), self._config.refresh_grace
                )
        except VERDICTS as verdict:
            if self._step_ups != step_ups:
                return self.tokens
            await self._observers.tell(RefreshFailed(self.username, self.user_id, verdict))
            await self._end(verdict.name)
            raise SessionEnded(verdict.name) from verdict
        except AuthFlowError as error:
            await self._observers.tell(RefreshFailed(self.username, self.user_id, error))
            raise
        if self._step_ups != step_ups:
            return self.tokens
        if fresh is None:
            if self._tokens not in (None, stale):  # the session ended while they were on the way
                await try_to_revoke(self.pool, self._transport, self.tokens)
            await self._end("ended_elsewhere")
        else:
            await self._hold(fresh, step_ups)
            await self._observers.tell(TokensRefreshed(self.username, self.user_id))
            if self.active:
                await self._confirm_device()
        return self.tokens

    async def _renew_on_device(self, tokens: Tokens, client_metadata: Metadata | None) -> Tokens:
        """Refresh tokens that were issued to this device, or to one that was forgotten since."""
        device_key = self._own_device.key_for(tokens)
        renew = partial(
            self._renewal.renew, tokens, username=self.username, client_metadata=client_metadata
        )
        try:
            return await renew(device_key=device_key)
        except ResourceNotFoundException as error:
            if device_key is None or not is_unknown_device(error):
                raise
        with suppress(StoreError):  # it is tried again at the next sign-in
            await self._own_device.forget(device_key)
        return await renew()

    async def _hold(self, fresh: Tokens, step_ups: int) -> None:
        """Go on with new tokens. If the session has ended or was stepped up since, revoke them."""
        if self._tokens is not None and self._step_ups == step_ups:
            self._tokens = fresh
        else:
            await try_to_revoke(self.pool, self._transport, fresh)

    async def keep(self) -> None:
        """Store a new session, if there is a store, notify the observers of the sign-in, and have
        the service confirm a new device.

        Raises `StoreError`. If the device cannot be confirmed, the observers are notified, and a
        later request tries again.
        """
        if self._storage:
            await self._storage.put(
                self.tokens,
                username=self.username,
                login_id=self._user.login_id,
                new_device=self._own_device.new_device,
            )
        await self._observers.tell(SignedIn(self.username, self.user_id))
        if self._own_device.new_device is not None:
            await self._confirm_device()
        else:
            await self._own_device.recognise(self._request_now)

    @property
    def current_device(self) -> CurrentDevice | None:
        """The device that the tokens were issued to, as DONE shows it."""
        return self._own_device.current

    async def _confirm_device(self) -> None:
        """Have the service confirm a new device, if there is one, and keep that this was done."""
        if await self._own_device.confirm(self._request_now) and self._storage:
            with suppress(StoreError):  # another attempt finds that the device is confirmed
                await self._storage.confirm_device()

    # Step-up

    async def step_up(
        self, *, acr: str, max_age: int | None = None, client_metadata: Metadata | None = None
    ) -> AuthFlow:
        """Begin a sign-in that takes the session to an authentication level, and return its flow.

        ::

            flow = await session.step_up(acr="urn:cognito:loa:4", max_age=300)
            while not flow.signed_in:
                await flow.send(flow.step.answer(await ask(flow.step)))
            if session.access_token.claims.acr != "urn:cognito:loa:4": ...

        `acr` names a level of the pool, or several, separated by spaces, the preferred one first.
        The service asks for the factors that the session does not stand for yet, and for all of
        them if the user signed in more than `max_age` seconds ago.

        When the flow is done, its tokens have replaced those of this session, which are revoked,
        and `flow.session` is this session. Until then, and if the flow fails, the session stays as
        it is. The service may take another level of those that `acr` names, so check the claim. If
        the session has ended by then, also in another process, the flow raises `SessionEnded`.

        Raises `InvalidParameterException` if the session has reached the level already or the user
        cannot reach it, `FeatureUnavailableInTierException`, and the errors of `fresh_tokens`.
        """
        from auth_flow.session._step_up import StepUpFlow  # it imports the flow

        tokens = await self.fresh_tokens()
        flow = StepUpFlow(self.pool, self._config, self._adopt_step_up)
        event = SignIn(
            username=self.username,
            auth_flow_type="USER_AUTH",
            acr_values=acr,
            max_age=max_age,
            access_token=tokens.access_token.text,
            client_metadata=client_metadata,
        )
        await flow.send(event)
        return flow

    async def _adopt_step_up(
        self, stronger: Tokens, device: RememberedDevice | None, new_device: NewDevice | None
    ) -> Session:
        """Go on with the tokens of a step-up, store them, and revoke those that they replace.

        If the session has ended meanwhile, here or in another process, the new tokens are revoked.
        """
        if stronger.access_token.claims.subject != self.user_id:
            raise MalformedResponse("the new tokens are those of another user", operation=STEP_UP)
        before = self._tokens
        if before is None:
            await try_to_revoke(self.pool, self._transport, stronger)
            raise SessionEnded(self._end_reason)
        self._tokens = stronger
        self._step_ups += 1
        self._own_device.become(device, new_device)

        async def finish() -> None:
            replaced: Tokens | None = before
            if self._storage:
                replaced = await self._storage.step_up(
                    stronger, before, username=self.username, new_device=new_device
                )
            if replaced is None:
                await self._end("ended_elsewhere")
                await try_to_revoke(self.pool, self._transport, stronger)
                return
            if _of_other_sign_ins(stronger, replaced):
                await try_to_revoke(self.pool, self._transport, replaced)
            await self._confirm_device()

        try:
            await finish_despite_cancel(finish)
        except StoreError as error:
            error.retryable = False  # the service has accepted the answer; only the store failed
            raise
        _ = self.tokens  # raises `SessionEnded`
        await self._observers.tell(TokensRefreshed(self.username, self.user_id))
        return self

    async def _catch_up(self, tokens: Tokens) -> bool:
        """Return whether a step-up has replaced `tokens`. If that was done by another process, go
        on with its tokens.
        """
        if self._storage:
            with suppress(StoreError):
                successor = await self._storage.successor(tokens)
                if successor is not None and self._tokens is tokens:
                    self._tokens = successor
        return self._tokens is not tokens

    # Operations

    async def call(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Make a request with a fresh `AccessToken`, and return the decoded reply.

        If the service refuses the token, the request is made once more with another one. That a
        token was revoked is raised at once, as a refresh will hardly help; it is tried before the
        next request, and its refusal ends the session. Members are those of the service model; one
        that is None is left out.
        """
        tokens = await self.fresh_tokens()
        if tokens is self._revoked:
            tokens = await self.refresh(tokens)
        try:
            return await self._request(tokens, operation, members)
        except VERDICTS as refusal:
            if lacks_user_scope(tokens):
                raise MissingScope(USER_SCOPE, operation) from refusal
            if not refuses_access_token(refusal, operation):
                raise
            if await self._catch_up(tokens):
                return await self._request(self.tokens, operation, members)
            if is_revoked(refusal) and tokens.refresh_token is not None:
                self._revoked = tokens
                raise
            if tokens.refresh_token is None:
                if not ends_session(refusal):
                    raise
                await self._end(refusal.name)
                raise SessionEnded(refusal.name) from refusal
        return await self._request(await self.refresh(tokens), operation, members)

    async def _request(
        self, tokens: Tokens, operation: str, members: dict[str, Any]
    ) -> dict[str, Any]:
        members = present({"AccessToken": tokens.access_token.text, **members})
        return await self._transport.call(operation, in_clear(members))

    async def _request_now(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """Make a request with the access token as it is. A refresh may be under way."""
        return await self._request(self.tokens, operation, members)

    async def fetch_user_attributes(self) -> dict[str, str]:
        """Return the attributes that this app client may read, by GetUser.

        A session of the hosted pages without the scope for that gets the claims of
        `/oauth2/userInfo` instead.
        """
        try:
            return await super().fetch_user_attributes()
        except MissingScope:
            tokens = await self.fresh_tokens()
            return await fetch_user_info(self.pool, self._transport, tokens)

    async def update_password(
        self, new_password: SecretStr | str, *, old_password: SecretStr | str | None = None
    ) -> None:
        """Change the password, by ChangePassword.

        `old_password` may be left out if the user has no password yet.
        """
        new_password = hidden(new_password)
        old_password = None if old_password is None else hidden(old_password)
        await self.call(
            "ChangePassword", PreviousPassword=old_password, ProposedPassword=new_password
        )

    def auth(self) -> httpx.Auth:
        """Return the authentication for `httpx.AsyncClient(auth=…)`, or that of httpx2.

        Each request gets a fresh access token, and is made once more after a 401.
        """
        from auth_flow.session._bearer import authentication  # it imports httpx

        return authentication(self)

    # The end

    async def sign_out(
        self, *, global_: bool = False, logout_uri: str | None = None
    ) -> SignOutResult:
        """End the session, locally in any case and at the service if it can be reached.

        RevokeToken invalidates the tokens of this session. With `global_`, GlobalSignOut
        invalidates those of all the user's sessions, including other programs'. If the service
        refuses or cannot be reached, the result contains the error. If the session was made on the
        hosted pages, the result has the URL that ends the session there too and leads to
        `logout_uri`, one of the app client's LogoutURLs.

        Raises `SessionEnded` if the session is over already, and `StoreError` if the store does not
        delete the tokens.
        """
        await self._catch_up(self.tokens)
        tokens = self.tokens
        if global_:
            with suppress(AuthFlowError):  # the service refuses an access token that has expired
                tokens = await self.fresh_tokens()
        try:
            await self._end("signed_out")
        finally:
            outcome = await (
                self._sign_out_globally(tokens)
                if global_
                else try_to_revoke(self.pool, self._transport, tokens)
            )
        return replace(outcome, logout_url=hosted_logout_url(self.pool, tokens, logout_uri))

    async def sign_out_everywhere(self) -> dict[str, SignOutResult]:
        """End all the sessions of the user in this store, this one included.

        Return the result of each, by its session id. Raises `StoreError`, and `ValueError` without
        a store. See `auth_flow.session.sign_out_everywhere`.
        """
        results = await self.sign_out_elsewhere()
        return {**results, self.session_id: await self.sign_out()}

    async def sign_out_elsewhere(self) -> dict[str, SignOutResult]:
        """End all the sessions of the user in this store, except this one.

        Return the result of each, by its session id. Raises `StoreError`, and `ValueError` without
        a store.
        """
        return await end_sessions(self.pool, self.username, self._config, spare=[self.session_id])

    async def _sign_out_globally(self, tokens: Tokens) -> SignOutResult:
        try:
            await self._request(tokens, "GlobalSignOut", {})
        except AuthFlowError as error:
            return SignOutResult(revoked=False, error=error.name)
        return SignOutResult(revoked=True)

    async def revoke(self, *, associated: bool = False) -> bool:
        """Invalidate the refresh token and its access tokens, without ending the session here.

        The service refuses the access token from now on; a program that verifies it offline accepts
        it until it expires. Return False if the tokens cannot be revoked, because they were issued
        before revocation was enabled. With `associated`, the sessions that are linked to this one,
        such as the sign-in at the hosted pages that it began from, end as well.
        """
        return await revoke(self.pool, self._transport, self.tokens, associated=associated)

    async def delete_user(self) -> None:
        """Delete the account, by DeleteUser, and end the session."""
        await self.call("DeleteUser")
        try:
            await self._own_device.records.drop(self.username)
        finally:
            await self._end("user_deleted")

    async def _end(self, reason: str) -> None:
        if self._tokens is None:
            return
        tokens = self._tokens
        self._tokens = None
        self._end_reason = reason
        if self._on_end:
            self._on_end(self)
        try:
            if self._storage:
                await self._storage.clear(tokens, username=self.username)
        finally:
            await self._observers.tell(SignedOut(self.username, self.user_id, reason))


def _of_other_sign_ins(one: Tokens, other: Tokens) -> bool:
    """Return whether the tokens are certainly of two sign-ins, so that one can be revoked alone."""
    here, there = one.access_token.claims.origin_jti, other.access_token.claims.origin_jti
    return None not in (here, there) and here != there
