"""The service as an ASGI application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from auth_flow.embedded import _challenges as challenges
from auth_flow.embedded import _operations as operations
from auth_flow.embedded._fault import Fault
from auth_flow.embedded._operations.sign_up import confirm_by_link
from auth_flow.embedded._protocol import Response, answer
from auth_flow.embedded._service import CognitoService

if TYPE_CHECKING:
    import httpx

    from auth_flow.embedded._outbox import Message

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

LARGEST_BODY = 1 << 20
"""Bytes of a request's body; a larger one is refused."""

# Their modules register themselves when they are imported; without them there would be nothing to
# answer with.
REGISTERED = (challenges, operations)


class EmbeddedCognito(CognitoService):
    """A small Amazon Cognito that serves user pools: an ASGI application, for use in process or
    behind a server.

    ::

        service = EmbeddedCognito()
        pool = service.create_pool(PoolSettings(mfa_configuration="OPTIONAL"))
        client = pool.create_client()
        pool.create_user("ada", "Correct-Horse-1", attributes={"email": "ada@example.org"})
        async with service.http_client() as http:
            transport = CognitoTransport("http://embedded", client=http)

    It answers `POST /` in the service's protocol, and `GET /{pool id}/.well-known/jwks.json` and
    `openid-configuration`. `clock` gives the time in seconds since the epoch (`TurnableClock` in
    tests). With `storage`, the path of a SQLite file, everything but the triggers and the outbox
    survives a restart. `region` is the one that pool ids begin with. AWS signatures are not looked
    at: this is for tests and demonstrations.
    """

    def http_client(self) -> httpx.AsyncClient:
        """A client whose requests come here without a socket; any host will do."""
        import httpx

        return httpx.AsyncClient(transport=httpx.ASGITransport(self), base_url="http://embedded")

    async def click(self, message: Message) -> None:
        """Follow the link of a confirmation e-mail; `Fault` if it is no longer good."""
        await confirm_by_link(self.pool(message.pool_id), message.username, message.code)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _send(send, await self._respond(scope, receive))

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        if scope["method"] == "POST":
            body = await _read(receive)
            if body is None:
                return Response(413, {}, b"")
            return await answer(self, headers.get("x-amz-target", ""), body)
        if scope["method"] == "GET":
            host = headers.get("host", "localhost")
            return self._well_known(scope["path"], f"{scope['scheme']}://{host}")
        return Response(405, {"allow": "GET, POST"}, b"")

    def _well_known(self, path: str, origin: str) -> Response:
        pool_id, _, document = path.removeprefix("/").partition("/.well-known/")
        try:
            pool = self.pool(pool_id)
        except Fault as fault:
            return _json(404, {"message": fault.message})
        if document == "jwks.json":
            return _json(200, {"keys": [pool.key.public]})
        if document == "openid-configuration":
            return _json(
                200,
                {
                    "issuer": pool.issuer,
                    "jwks_uri": f"{origin}/{pool.id}/.well-known/jwks.json",
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "subject_types_supported": ["public"],
                },
            )
        return _json(404, {"message": "Not found."})


def _json(status: int, document: object) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read(receive: Receive) -> bytes | None:
    """The body; None if it is too large or the caller went away. Too large a one is read on, so
    that the caller hears of it.
    """
    body, size = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST_BODY:
            body += part
        if not message.get("more_body", False):
            return bytes(body) if size <= LARGEST_BODY else None


async def _send(send: Send, response: Response) -> None:
    headers = {**response.headers, "content-length": str(len(response.body))}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": response.body})
