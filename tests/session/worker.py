"""One of several processes that share a session: refreshes it for ever, and says so. Run by
`processes.py`.
"""

from __future__ import annotations

import sys

import anyio

from auth_flow import UserPool
from auth_flow.errors import AuthFlowError, NotSignedIn
from auth_flow.session import Session
from auth_flow.stores._redis import RedisStore
from auth_flow.transports._cognito import CognitoTransport


async def main(url: str, user_pool_id: str, client_id: str, store_url: str, lease: str) -> None:
    pool = UserPool(user_pool_id=user_pool_id, client_id=client_id, endpoint=url)
    async with CognitoTransport(url) as transport:
        store = RedisStore(store_url)
        session = await Session.load(
            pool, "ada", store=store, transport=transport, refresh_lease=float(lease)
        )
        while True:
            try:
                await session.fresh_tokens(force=True)
            except NotSignedIn as error:
                print(f"signed out: {error.__cause__ or error}", flush=True)  # noqa: T201
                return
            except AuthFlowError as error:
                print(f"failed: {error.name}", flush=True)  # noqa: T201
            else:
                print("refreshed", flush=True)  # noqa: T201


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
