"""One of several processes that share a session: refreshes it again and again, and prints how it
went. Run by `campaign.py`.
"""

from __future__ import annotations

import sys

import anyio

from auth_flow import UserPool
from auth_flow.errors import AuthFlowError, NotSignedIn
from auth_flow.session import Session
from auth_flow.transports import CognitoTransport
from tests.session.campaign import open_store


async def main(url: str, user_pool_id: str, client_id: str, place: str, lease: str) -> None:
    pool = UserPool(user_pool_id=user_pool_id, client_id=client_id, endpoint=url)
    async with CognitoTransport(url) as transport:
        try:
            session = await Session.load(
                pool,
                "ada",
                store=open_store(place),
                transport=transport,
                refresh_lease=float(lease),
            )
            while True:
                try:
                    await session.fresh_tokens(force=True)
                except NotSignedIn:
                    raise
                except AuthFlowError as error:
                    print(f"failed: {error.name}", flush=True)  # noqa: T201
                else:
                    print("refreshed", flush=True)  # noqa: T201
        except NotSignedIn as error:
            print(f"signed out: {error.__cause__ or error}", flush=True)  # noqa: T201


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
