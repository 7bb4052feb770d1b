"""What signing in has given: tokens that stay fresh, and everything a signed-in user can do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, Unpack

from pydantic import SecretStr

from auth_flow._config import AuthConfig, AuthOptions, configured
from auth_flow._finish import finish_despite_cancel
from auth_flow._observers import RefreshFailed, SignedIn, SignedOut, TokensRefreshed
from auth_flow._user_pool import UserPool
from auth_flow.errors import AuthFlowError, NotSignedIn
from auth_flow.session._devices import DeviceCalls
from auth_flow.session._mfa import MfaCalls
from auth_flow.session._passkeys import PasskeyCalls
from auth_flow.session._renewal import VERDICTS, Renewal
from auth_flow.session._shared_tokens import SharedTokens, session_key
from auth_flow.session._single_flight import SingleFlight
from auth_flow.states._base import Metadata, reveal
from auth_flow.states._requests import present
from auth_flow.states._tokens import Token, Tokens
from auth_flow.transports._base import Transport

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """Who is signed in: the name in the pool, the `sub`, and what was typed at sign-in where that
    is known.
    """

    username: str
    user_id: str
    login_id: str | None = None


@dataclass(frozen=True, slots=True)
class SignOutResult:
    """How a sign-out went. This program has no tokens any more in every case.

    `revoked` tells whether the service has invalidated them too, `error` is the name of what kept
    it from that.
    """

    revoked: bool
    error: str | None = None


class Session(MfaCalls, DeviceCalls, PasskeyCalls):
    """A signed-in user. Every operation goes out with a fresh access token; nobody has to think of
    refreshing.

    `config` and `options` are those of the flow (see `AuthConfig`). A session needs a transport,
    which it does not close. With a store, processes share the session, and refresh it one at a time
    (`keep` puts a new one there). `on_end` is called once, with the session, when it is over.
    Raises `ValueError` without a transport.

    A session ends by `sign_out`, `delete_user`, or the service's word that the refresh token, or
    the user, is no longer good. It does not end because a network, a limit or a server failed: such
    an error is raised, and the next call tries again.
    """

    def __init__(
        self,
        pool: UserPool,
        tokens: Tokens,
        *,
        config: AuthConfig | None = None,
        login_id: str | None = None,
        on_end: Callable[[Session], None] | None = None,
        **options: Unpack[AuthOptions],
    ) -> None:
        config = configured(config, options)
        if config.transport is None:
            raise ValueError("A session needs a transport: Session(pool, tokens, transport=…).")
        self.pool = pool
        self.login_id = login_id
        self._tokens: Tokens | None = tokens
        self._username = tokens.username or login_id or tokens.access_token.claims.subject
        self._user_id = tokens.access_token.claims.subject
        self._transport: Transport = config.transport
        self._clock = config.clock
        self._on_end = on_end
        self._grace = config.refresh_grace
        self._devices = {} if config.devices is None else config.devices
        self._observers = config.observers
        self._shared = _shared_tokens(pool, self._username, config)
        self._renewal = Renewal(pool, config.transport, config.clock)
        self._refreshing = SingleFlight[Tokens]()

    @classmethod
    async def load(
        cls,
        pool: UserPool,
        username: str,
        *,
        config: AuthConfig | None = None,
        **options: Unpack[AuthOptions],
    ) -> Self:
        """Take up the session that the store has for a user, by the name in the pool.

        `config` and `options` are those of the constructor; a store is needed. Raises `NotSignedIn`
        if the store has no session of this user, and `ValueError` without a store.
        """
        config = configured(config, options)
        shared = _shared_tokens(pool, username, config)
        if shared is None:
            raise ValueError("Loading a session needs a store: Session.load(…, store=…).")
        tokens = await shared.load()
        if tokens is None:
            raise NotSignedIn("There is no session of this user in the store.")
        return cls(pool, tokens, config=config)

    # Who, and with what

    @property
    def username(self) -> str:
        """The user's name in the pool."""
        return self._username

    @property
    def user_id(self) -> str:
        """The access token's `sub`."""
        return self._user_id

    @property
    def tokens(self) -> Tokens:
        """The tokens as they are held now, fresh or not. Raises `NotSignedIn` once the session is
        over.
        """
        if self._tokens is None:
            raise NotSignedIn("The session is over.")
        return self._tokens

    @property
    def access_token(self) -> Token:
        """The access token as it is held now; `fresh_tokens` gives one that is good for a
        request.
        """
        return self.tokens.access_token

    @property
    def active(self) -> bool:
        """Whether the session is not over, as far as is known here."""
        return self._tokens is not None

    def get_current_user(self) -> CurrentUser:
        """Who is signed in, from what is held: no request is made."""
        _ = self.tokens  # raises NotSignedIn
        return CurrentUser(self._username, self._user_id, self.login_id)

    def __repr__(self) -> str:
        return f"<Session {self._username} {'active' if self.active else 'over'}>"

    # Fresh tokens

    async def fresh_tokens(
        self, *, force: bool = False, client_metadata: Metadata | None = None
    ) -> Tokens:
        """Return tokens that are good for a request, refreshed where they are not, or where `force`
        asks for it.

        However many tasks ask, one request is made; `client_metadata` is that of the first. Raises
        `NotSignedIn` where the session is over, ends by this, or needs a refresh and has no refresh
        token. Any other error leaves it as it is.
        """
        held = self.tokens
        return (
            await self.refresh(held, client_metadata)
            if force or not held.fresh_at(self._clock())
            else held
        )

    async def refresh(self, stale: Tokens, client_metadata: Metadata | None = None) -> Tokens:
        """Return tokens other than `stale`: refreshes, unless somebody else has done so in the
        meantime. See `fresh_tokens`.
        """
        return await self._refreshing.run(lambda: self._refresh(stale, client_metadata))

    async def _refresh(self, stale: Tokens, client_metadata: Metadata | None) -> Tokens:
        if self.tokens is not stale:
            return self.tokens

        async def renew(tokens: Tokens) -> Tokens:
            device = self.device.key if self.device else None
            fresh = await self._renewal.renew(
                tokens, username=self._username, device_key=device, client_metadata=client_metadata
            )
            await self._hold(fresh)
            return fresh

        try:
            fresh = await (
                self._shared.renew(stale, renew)
                if self._shared
                else finish_despite_cancel(lambda: renew(stale), self._grace)
            )
        except VERDICTS as verdict:
            await self._observers.tell(RefreshFailed(self._username, self._user_id, verdict))
            await self._end(verdict.name)
            raise NotSignedIn(f"The session is over: {verdict.name}.") from verdict
        except AuthFlowError as error:
            await self._observers.tell(RefreshFailed(self._username, self._user_id, error))
            raise
        if fresh is None:
            await self._end("ended_elsewhere")
        else:
            await self._hold(fresh)
            await self._observers.tell(TokensRefreshed(self._username, self._user_id))
        return self.tokens

    async def _hold(self, fresh: Tokens) -> None:
        """Go on with new tokens. Where the session was ended meanwhile, they are not to be good
        either.
        """
        if self._tokens is not None:
            self._tokens = fresh
        else:
            with suppress(AuthFlowError):
                await self._revoke(fresh)

    async def keep(self) -> None:
        """Begin: put the tokens into the store, where there is one, and tell observers that
        somebody has signed in.
        """
        if self._shared:
            await self._shared.put(self.tokens)
        await self._observers.tell(SignedIn(self._username, self._user_id))

    # Operations

    async def call(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Make a request with a fresh `AccessToken`, and return the decoded reply; see
        `UserCalls.call`.
        """
        tokens = await self.fresh_tokens()
        text = tokens.access_token.text.get_secret_value()
        return await self._transport.call(operation, present({"AccessToken": text, **members}))

    async def update_password(
        self, new_password: SecretStr | str, *, old_password: SecretStr | str | None = None
    ) -> None:
        """ChangePassword. The old one may be left out by a user who has none as yet."""
        previous = None if old_password is None else reveal(old_password)
        await self.call(
            "ChangePassword", PreviousPassword=previous, ProposedPassword=reveal(new_password)
        )

    def auth(self) -> httpx.Auth:
        """Authentication for `httpx.AsyncClient(auth=…)`: a fresh access token on each request, one
        more try after a 401.
        """
        from auth_flow.session._bearer import SessionAuth  # it imports httpx

        return SessionAuth(self)

    # The end

    async def sign_out(self, *, global_: bool = False) -> SignOutResult:
        """End the session: here in every case, and at the service as far as it can be reached.

        RevokeToken invalidates this session's tokens, GlobalSignOut (`global_`) those of all the
        user's sessions. What the service says is reported, not raised. Raises `StoreError` where
        the store does not forget the tokens.
        """
        tokens = self.tokens
        if global_:
            with suppress(AuthFlowError):  # the service takes no access token that has run out
                tokens = await self.fresh_tokens()
        try:
            await self._end("signed_out")
        finally:
            outcome = await self._invalidate(tokens, global_)
        return outcome

    async def _invalidate(self, tokens: Tokens, everywhere: bool) -> SignOutResult:
        try:
            if everywhere:
                await self._transport.call(
                    "GlobalSignOut", {"AccessToken": tokens.access_token.text.get_secret_value()}
                )
                return SignOutResult(revoked=True)
            return SignOutResult(revoked=await self._revoke(tokens))
        except AuthFlowError as error:
            return SignOutResult(revoked=False, error=error.name)

    async def revoke(self) -> bool:
        """RevokeToken: invalidate the refresh token and what it has brought, without ending the
        session here.

        Who verifies tokens offline accepts the access token until it expires; Cognito itself does
        not. Returns whether there was something to revoke: tokens of before revocation was enabled
        have no `origin_jti`.
        """
        return await self._revoke(self.tokens)

    async def delete_user(self) -> None:
        """DeleteUser: delete the account, and end the session."""
        await self.call("DeleteUser")
        self._devices.pop(self._username, None)
        await self._end("user_deleted")

    async def _revoke(self, tokens: Tokens) -> bool:
        if tokens.refresh_token is None or tokens.access_token.claims.origin_jti is None:
            return False
        secret = self.pool.client_secret
        members = {
            "ClientId": self.pool.client_id,
            "ClientSecret": reveal(secret) if secret else None,
            "Token": tokens.refresh_token.get_secret_value(),
        }
        await self._transport.call("RevokeToken", present(members))
        return True

    async def _end(self, reason: str) -> None:
        if self._tokens is None:
            return
        tokens, self._tokens = self._tokens, None
        if self._on_end:
            self._on_end(self)
        try:
            if self._shared:
                await self._shared.clear(tokens)
        finally:
            await self._observers.tell(SignedOut(self._username, self._user_id, reason))


def _shared_tokens(pool: UserPool, username: str, config: AuthConfig) -> SharedTokens | None:
    if config.store is None:
        return None
    key = session_key(pool, username)
    return SharedTokens(config.store, key, config.clock, config.refresh_grace)
