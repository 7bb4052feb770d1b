"""Compare the caller's CPU time of one POST with other HTTP clients, in one interleaved run.

    python -m benchmarks.transport [--rounds 5] [--requests 1024]

A server in another process sends a reply of Cognito's size. Each client posts from 1, 32 and 256
flows at once, and from one flow with 256 idle connections. CPU time is measured with
`process_time`. The rounds are interleaved, so that other load affects all clients alike. The output
has the medians in milliseconds for each POST, and the ratios to httpx. Clients that are not
installed are left out: httpx2, aiohttp, aiobotocore, boto3.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from auth_flow.transports import CognitoTransport, ConnectionPool
from benchmarks.server import serve

Post = Callable[[], Awaitable[None]]
FLOWS = (1, 32, 256)
BODY = {
    "AuthFlow": "USER_PASSWORD_AUTH",
    "ClientId": "1example23456789",
    "AuthParameters": {"USERNAME": "ada", "PASSWORD": "Correct-Horse-1"},
}
CONTENT = json.dumps(BODY).encode()
HEADERS = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth",
    "accept-encoding": "identity",
}
REPLY = json.dumps(
    {
        "AuthenticationResult": {
            "AccessToken": "a" * 1000,
            "IdToken": "i" * 1000,
            "RefreshToken": "r" * 1700,
        }
    }
).encode()
LIMITS = {"max_connections": 256, "max_keepalive_connections": 256, "keepalive_expiry": 600.0}


def answer(request: bytes) -> bytes:
    return REPLY


# Clients


@asynccontextmanager
async def auth_flow(url: str) -> AsyncIterator[Post]:
    async with CognitoTransport(url, max_in_flight=256) as transport:

        async def post() -> None:
            await transport.call("InitiateAuth", BODY)

        yield post


@asynccontextmanager
async def bare_pool(url: str) -> AsyncIterator[Post]:
    async with ConnectionPool(limits=httpx.Limits(**LIMITS)) as pool:

        async def post() -> None:
            response = await pool.handle_async_request(
                httpx.Request("POST", url, headers=HEADERS, content=CONTENT)
            )
            json.loads(await response.aread())

        yield post


@asynccontextmanager
async def plain_httpx(url: str, **settings: Any) -> AsyncIterator[Post]:
    async with httpx.AsyncClient(timeout=60, **settings) as client:

        async def post() -> None:
            (await client.post(url, headers=HEADERS, content=CONTENT)).json()

        yield post


def wide_httpx(url: str) -> Any:
    return plain_httpx(url, limits=httpx.Limits(**LIMITS))


def client_over_pool(url: str) -> Any:
    return plain_httpx(url, transport=ConnectionPool(limits=httpx.Limits(**LIMITS)))


@asynccontextmanager
async def cognito_over_httpx(url: str) -> AsyncIterator[Post]:
    async with (
        httpx.AsyncClient(timeout=60) as client,
        CognitoTransport(url, client=client) as transport,
    ):

        async def post() -> None:
            await transport.call("InitiateAuth", BODY)

        yield post


@asynccontextmanager
async def httpx2(url: str) -> AsyncIterator[Post]:
    import httpx2

    async with httpx2.AsyncClient(limits=httpx2.Limits(**LIMITS), timeout=60) as client:

        async def post() -> None:
            (await client.post(url, headers=HEADERS, content=CONTENT)).json()

        yield post


@asynccontextmanager
async def bare_httpcore2(url: str) -> AsyncIterator[Post]:
    import httpcore2

    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    headers += [(b"host", url.encode()[7:-1]), (b"content-length", str(len(CONTENT)).encode())]
    async with httpcore2.AsyncConnectionPool(**LIMITS) as pool:

        async def post() -> None:
            response = await pool.request("POST", url, headers=headers, content=CONTENT)
            json.loads(response.content)

        yield post


@asynccontextmanager
async def aiohttp(url: str) -> AsyncIterator[Post]:
    import aiohttp

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=256, keepalive_timeout=600)
    ) as session:

        async def post() -> None:
            async with session.post(url, headers=HEADERS, data=CONTENT) as response:
                json.loads(await response.read())

        yield post


def _unsigned(**own: object) -> Any:
    from botocore import UNSIGNED
    from botocore.config import Config

    return Config(signature_version=UNSIGNED, max_pool_connections=256, **own)


@asynccontextmanager
async def aiobotocore(url: str) -> AsyncIterator[Post]:
    from aiobotocore.session import get_session

    async with get_session().create_client(
        "cognito-idp", "eu-west-1", endpoint_url=url, config=_unsigned()
    ) as client:

        async def post() -> None:
            await client.initiate_auth(**BODY)

        yield post


@asynccontextmanager
async def boto3(url: str) -> AsyncIterator[Post]:
    import boto3

    client = boto3.client("cognito-idp", "eu-west-1", endpoint_url=url, config=_unsigned())
    with ThreadPoolExecutor(256) as threads:

        async def post() -> None:
            await asyncio.get_running_loop().run_in_executor(
                threads, lambda: client.initiate_auth(**BODY)
            )

        yield post


CLIENTS: dict[str, tuple[Callable[[str], Any], str]] = {
    "httpx": (plain_httpx, "httpx"),
    "httpx, 256 connections": (wide_httpx, "httpx"),
    "CognitoTransport": (auth_flow, "httpx"),
    "CognitoTransport over httpx": (cognito_over_httpx, "httpx"),
    "our pool, bare": (bare_pool, "httpx"),
    "httpx over our pool": (client_over_pool, "httpx"),
    "httpx2": (httpx2, "httpx2"),
    "httpcore2, bare": (bare_httpcore2, "httpcore2"),
    "aiohttp": (aiohttp, "aiohttp"),
    "aiobotocore": (aiobotocore, "aiobotocore"),
    "boto3 in threads": (boto3, "boto3"),
}


# Measuring


async def cpu(post: Post, flows: int, requests: int) -> float:
    """Milliseconds of CPU per POST."""

    async def flow() -> None:
        for _ in range(requests // flows):
            await post()

    start = time.process_time()
    await asyncio.gather(*(flow() for _ in range(flows)))
    return (time.process_time() - start) / (requests // flows * flows) * 1000


async def measure(url: str, rounds: int, requests: int) -> dict[str, dict[str, list[float]]]:
    times: dict[str, dict[str, list[float]]] = {}
    for _ in range(rounds):
        for name, (connect, module) in CLIENTS.items():
            if importlib.util.find_spec(module) is None:
                continue
            row = times.setdefault(name, {})
            async with AsyncExitStack() as stack:
                post = await stack.enter_async_context(connect(url))
                await cpu(post, 1, 8)
                for flows in FLOWS:
                    await cpu(post, flows, flows)
                    row.setdefault(f"{flows} flows", []).append(await cpu(post, flows, requests))
                row.setdefault("256 idle", []).append(await cpu(post, 1, requests // 4))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1024)
    options = parser.parse_args()
    with serve(answer) as url:
        times = asyncio.run(measure(url, options.rounds, options.requests))
    medians = {
        name: {what: statistics.median(ms) for what, ms in row.items()}
        for name, row in times.items()
    }
    columns = list(medians["httpx"])
    print(f"{'CPU ms per POST (ratio to httpx)':34}" + "".join(f"{what:>16}" for what in columns))
    for name, row in medians.items():
        print(
            f"{name:34}"
            + "".join(
                f"{row[what]:9.2f} ({row[what] / medians['httpx'][what]:4.2f})" for what in columns
            )
        )


if __name__ == "__main__":
    main()
