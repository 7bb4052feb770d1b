"""The service as an ASGI application."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from auth_flow.embedded import _challenges as challenges
from auth_flow.embedded import _operations as operations
from auth_flow.embedded._access import IN_PROCESS, Access
from auth_flow.embedded._http import HttpRequest, Receive, Response, Scope, Send, json_response
from auth_flow.embedded._login._attempts import BrowserSignIns
from auth_flow.embedded._login._routes import managed_login
from auth_flow.embedded._operations.sign_up import confirm_by_link
from auth_flow.embedded._protocol import answer
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._well_known import well_known

if TYPE_CHECKING:
    import httpx

    from auth_flow.embedded._clock import Clock
    from auth_flow.embedded._outbox import Message
    from auth_flow.transports import CognitoTransport, Retries, Timeouts


class TransportSettings(TypedDict, total=False):
    """The settings of a transport to the embedded service."""

    timeouts: Timeouts
    retries: Retries
    headers: Mapping[str, str]


# Their modules register operations and challenges when they are imported.
REGISTERED = (challenges, operations)


class EmbeddedCognito(CognitoService):
    """A small Amazon Cognito that serves user pools: an ASGI application, for use in process or
    behind a server.

    ::

        service = EmbeddedCognito()
        pool = service.create_pool(PoolSettings(mfa_configuration="OPTIONAL"))
        client = pool.create_client()
        pool.create_user("ada", "Correct-Horse-1", attributes={"email": "ada@example.org"})
        async with service.transport() as transport:
            flow = AuthFlow(…, transport=transport)

    It answers `POST /` in the service's protocol, `GET /{pool id}/.well-known/jwks.json`,
    `GET /{pool id}/.well-known/openid-configuration` and `GET /health`. AWS signatures are not
    checked: use it for tests and demonstrations only.

    Arguments:
        clock: Returns the time in seconds since the epoch. Tests may pass a `TurnableClock`.
        storage: The path of a SQLite file. If given, everything but the triggers and the outbox
            survives a restart. A new file can be read by its owner only.
        region: The region that pool ids begin with.
        endpoint: The URL under which clients reach the service. It is the issuer of pools with
            `issuer_type="LOCAL"`. `serve` and `running` set it if it is not given.
        allow_hosts: Names that the `Host` header may have besides `localhost` and IP addresses.
        allow_origins: Origins whose pages may call the service from a browser, besides those of
            this machine; `*` allows all.
    """

    def __init__(
        self,
        *,
        clock: Clock = time.time,
        storage: str | Path | None = None,
        region: str = "eu-west-1",
        endpoint: str | None = None,
        allow_hosts: Iterable[str] = (),
        allow_origins: Iterable[str] = (),
    ) -> None:
        super().__init__(clock=clock, storage=storage, region=region, endpoint=endpoint)
        self._access = Access.of(allow_hosts, allow_origins)
        self.attempts = BrowserSignIns()
        """Sign-ins of managed login that are under way."""

    def transport(self, **settings: Unpack[TransportSettings]) -> CognitoTransport:
        """Return a transport whose requests come here without a socket.

        `settings` are those of `CognitoTransport`. It may be used in any event loop.
        """
        import httpx

        from auth_flow.transports import CognitoTransport

        return CognitoTransport(
            f"http://{IN_PROCESS}", client=httpx.ASGITransport(self), **settings
        )

    def http_client(self) -> httpx.AsyncClient:
        """Return a client whose requests come here without a socket.

        Its URLs begin with `http://embedded`.
        """
        import httpx

        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self), base_url=f"http://{IN_PROCESS}"
        )

    def outbound(self) -> httpx.AsyncClient:
        """Return a client for requests to identity providers, which may be pools of this service.

        Replace it to reach providers by a proxy, or to have none reached in a test.
        """
        import httpx

        mounts = {f"all://{IN_PROCESS}": httpx.ASGITransport(self)}
        return httpx.AsyncClient(mounts=mounts, timeout=10)

    async def click(self, message: Message) -> None:
        """Follow the link of a confirmation e-mail.

        Raises `Fault` if the link is no longer valid.
        """
        await confirm_by_link(self.pool(message.pool_id), message.username, message.code)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1002})
        elif scope["type"] == "http":
            request = await HttpRequest.read(scope, receive)
            response = Response(413) if request is None else await self._respond(request)
            await response.send(send, with_body=scope["method"] != "HEAD")

    async def _respond(self, request: HttpRequest) -> Response:
        host, origin = request.headers.get("host", "localhost"), request.headers.get("origin")
        if not self._access.allows_host(host):
            return json_response(
                421,
                {
                    "message": f"The embedded user pool is not served to the host {host!r}. "
                    "Allow it with allow_hosts, or --allow-host of auth-flow serve."
                },
            )
        if request.method == "OPTIONS":
            requested = request.headers.get("access-control-request-headers", "")
            private = "access-control-request-private-network" in request.headers
            return Response(204, self._access.preflight(origin, requested, private_network=private))
        response = await self._route(request)
        return response.with_headers(*self._access.cors(origin))

    async def _route(self, request: HttpRequest) -> Response:
        if request.method == "POST" and request.path == "/":
            return await answer(self, request.headers.get("x-amz-target", ""), request.body)
        page = await managed_login(self, request)
        if page is not None:
            return page
        if request.method not in ("GET", "HEAD"):
            return Response(405, (("allow", "GET, HEAD, POST, OPTIONS"),))
        if request.path == "/health":
            return json_response(200, {"status": "ok"})
        return well_known(self, request)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
