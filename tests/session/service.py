"""A service that does nothing but refresh tokens: with rotation, on a clock turned by hand, failing
or holding as told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import anyio
from anyio.lowlevel import checkpoint

from auth_flow import Tokens
from auth_flow.errors import NotAuthorizedException, RefreshTokenReuseException
from auth_flow.session import Session
from tests.flow.scripted import POOL, SUBJECT, Clock, Json, jwt

USER = "ada"
HOUR = 3600
ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123"


class TokenService:
    """The transport. The next requests fail with `failures` (None lets one pass); `gate` holds
    every reply until it is set.
    """

    def __init__(
        self, clock: Clock, *, ahead: float = 0, rotates: bool = True, dates: bool = True
    ) -> None:
        self.clock, self.ahead, self.rotates, self.dates = clock, ahead, rotates, dates
        self.requests: list[tuple[str, Json]] = []
        self.failures: deque[BaseException | None] = deque()
        self.gate = anyio.Event()
        self.gate.set()
        self.refresh_token = "refresh-0"
        self.issued = 0

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.requests]

    async def call(self, operation: str, body: Mapping[str, object]) -> Json:
        self.requests.append((operation, dict(body)))
        await checkpoint()
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure
        match operation:
            case "GetTokensFromRefreshToken":
                reply = self._refresh(str(body["RefreshToken"]))
            case "GetUser":
                reply = {"Username": USER, "UserAttributes": [{"Name": "sub", "Value": SUBJECT}]}
            case _:
                reply = {}
        await self.gate.wait()
        return reply

    async def aclose(self) -> None: ...

    def issue(self) -> Json:
        """New tokens, an hour's worth by the service's own clock."""
        self.issued += 1
        if self.rotates:
            self.refresh_token = f"refresh-{self.issued}"
        now = int(self.clock() + self.ahead)
        claims: dict[str, Any] = {
            "sub": SUBJECT,
            "iss": ISSUER,
            "exp": now + HOUR,
            "jti": str(self.issued),
            **({"iat": now} if self.dates else {}),
        }
        return {
            "AccessToken": jwt(**claims, username=USER, origin_jti="origin"),
            "IdToken": jwt(**claims, **{"cognito:username": USER}),
            **({"RefreshToken": self.refresh_token} if self.rotates else {}),
        }

    def tokens(self) -> Tokens:
        """What a sign-in just now would have given."""
        result = self.issue()
        return Tokens.read(result["AccessToken"], result["IdToken"], self.refresh_token, self.ahead)

    def session(self, **options: Any) -> Session:
        return Session(POOL, self.tokens(), transport=self, clock=self.clock, **options)

    def _refresh(self, token: str) -> Json:
        if token != self.refresh_token:
            spent = token.startswith("refresh-")
            raise (RefreshTokenReuseException if spent else NotAuthorizedException)(
                "No.", operation="GetTokensFromRefreshToken"
            )
        return {"AuthenticationResult": self.issue()}
