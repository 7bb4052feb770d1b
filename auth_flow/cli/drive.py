"""`auth-flow drive`: a flow for programs in any language, one JSON object a line. docs/drive.md describes the protocol."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import anyio
from pydantic import ValidationError

from auth_flow.cli import calls
from auth_flow.cli.settings import FlowSettings, open_flow
from auth_flow.errors import AuthFlowError, InvalidLine, MissingExtra
from auth_flow.flow import AuthFlow
from auth_flow.states.events import EVENTS


def main(arguments: Sequence[str]) -> int:
    """Answer each line of standard input by one line on standard output, until the input ends. Returns the exit status."""
    settings = _settings(arguments)
    try:
        anyio.run(_serve, settings)
    except MissingExtra as problem:
        sys.stderr.write(f"auth-flow drive: {problem}\n")
        return 2
    return 0


def _settings(arguments: Sequence[str]) -> FlowSettings:
    parser = argparse.ArgumentParser(
        prog="auth-flow drive",
        description="Run a flow over JSON lines: one object on standard input, one on standard output.",
        epilog="The client secret comes from AUTH_FLOW_CLIENT_SECRET. Without a pool, an embedded one is used.",
    )
    for option, meaning in FlowSettings.OPTIONS.items():
        variable = FlowSettings.variable(option)
        parser.add_argument(f"--{option}", default=os.environ.get(variable), help=f"{meaning} [{variable}]")
    settings = FlowSettings(**vars(parser.parse_args(arguments)))
    try:
        if not settings.names_no_pool:
            settings.user_pool()
    except ValidationError as problem:
        parser.error(_told(problem).replace("_", "-"))
    except ValueError as problem:
        parser.error(str(problem))
    return settings


async def _serve(settings: FlowSettings) -> None:
    async with AsyncExitStack() as stack:
        flow = await open_flow(settings, stack)
        async for line in anyio.wrap_file(sys.stdin):
            if line.strip():
                sys.stdout.write(json.dumps(await answer(flow, line)) + "\n")
                sys.stdout.flush()


async def answer(flow: AuthFlow, line: str) -> dict[str, Any]:
    """Do what a line says, and return the line that answers it."""
    try:
        return await _perform(flow, _object(line))
    except AuthFlowError as error:
        return _failed(flow, error)


async def _perform(flow: AuthFlow, line: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(line)
    match line:
        case {"event": str(name)} if name in EVENTS:
            del fields["event"]
            await flow.send(_checked(EVENTS[name].model_validate, fields))
            return _standing(flow)
        case {"call": str(name)} if name in calls.CALLS:
            del fields["call"]
            call = _checked(calls.CALLS[name].model_validate, fields)
            return {"result": await call.perform(flow)}
        case {"parallel": list(lines)} if len(line) == 1:
            return {"results": await _together(flow, lines)}
        case {"event": name} | {"call": name}:
            raise InvalidLine(f"There is no event or call named {name!r}.")
        case _:
            raise InvalidLine('A line is an object with "event", "call" or "parallel".')


async def _together(flow: AuthFlow, lines: list[Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = [{} for _ in lines]

    async def one(place: int, line: Any) -> None:
        results[place] = await answer(flow, json.dumps(line))

    async with anyio.create_task_group() as tasks:
        for place, line in enumerate(lines):
            tasks.start_soon(one, place, line)
    return results


def _object(line: str) -> dict[str, Any]:
    try:
        values: Any = json.loads(line)
    except ValueError:
        raise InvalidLine("The line is not JSON.") from None
    if not isinstance(values, dict):
        raise InvalidLine("The line is not a JSON object.")
    return values


def _checked(validate: Any, fields: dict[str, Any]) -> Any:
    try:
        return validate(fields)
    except ValidationError as error:
        raise InvalidLine(_told(error)) from None


def _told(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False, include_url=False))


def _standing(flow: AuthFlow) -> dict[str, Any]:
    return {"next_step": flow.step.to_json(), "accepts": list(flow.accepts)}


def _failed(flow: AuthFlow, error: AuthFlowError) -> dict[str, Any]:
    told = {"name": error.name, "message": error.message, "retryable": error.retryable}
    return {"error": told, **_standing(flow)}
