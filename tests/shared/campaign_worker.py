"""A worker of the kill campaign: takes shared flows and sends what people have typed."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

from auth_flow import RedisStore, Sealer, SharedFlows, SQLiteStore, UserPool
from auth_flow.errors import AuthFlowError
from auth_flow.states import EVENTS
from auth_flow.transports import CognitoTransport
from tests.stores.places import KEY


def open_store(place: str) -> RedisStore | SQLiteStore:
    """Open the store at a Redis URL, or at the path of a database file."""
    return RedisStore(place) if place.startswith("redis://") else SQLiteStore(place)


def work(line: socket.socket, pool: UserPool, place: str, claim: float) -> None:
    """Serve requests, a JSON object a line, until the process is killed."""
    asyncio.run(_serve(line, pool, place, claim))


async def _serve(line: socket.socket, pool: UserPool, place: str, claim: float) -> None:
    reader, writer = await asyncio.open_connection(sock=line)
    transport = CognitoTransport(pool.url)
    flows = SharedFlows(
        open_store(place), Sealer([KEY]), pool, transport=transport, claim=claim, tombstone=3600
    )

    async def answer(request: dict[str, Any]) -> None:
        reply = {"id": request["id"], **await _answer(flows, request)}
        writer.write(json.dumps(reply).encode() + b"\n")

    tasks = set[asyncio.Task[None]]()
    while text := await reader.readline():
        task = asyncio.create_task(answer(json.loads(text)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _answer(flows: SharedFlows, request: dict[str, Any]) -> dict[str, Any]:
    event = EVENTS[request["event"]].model_validate(request["fields"])
    error = about = None
    try:
        async with flows.take(request["key"], wait=30) as flow:
            await flow.send(event)
    except AuthFlowError as failure:
        error, about = failure.name, getattr(failure, "event", None)
        if type(failure).__name__ in ("ClaimExpired", "FlowBusy"):
            error = type(failure).__name__
    step = (await flows.look(request["key"])).step.name
    return {"step": step, "error": error, "about": about}
