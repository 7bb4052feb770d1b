"""A line in, and the line that answers it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import anyio
from pydantic import ValidationError

from auth_flow._cli.drive import account, devices, mfa, session
from auth_flow._cli.drive.calls import CALLS
from auth_flow._flow import AuthFlow
from auth_flow.errors import AuthFlowError, InvalidLine
from auth_flow.states._events import EVENTS

# A call enters itself in CALLS when its module is imported.
REGISTERED = (session, account, mfa, devices)


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
        case {"call": str(name)} if name in CALLS:
            del fields["call"]
            call = _checked(CALLS[name].model_validate, fields)
            return {"result": await call.perform(flow)}
        case {"parallel": [*lines]} if len(line) == 1:
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
    except (ValueError, RecursionError):
        raise InvalidLine("The line is not JSON, or nested too deeply.") from None
    if not isinstance(values, dict):
        raise InvalidLine("The line is not a JSON object.")
    return cast("dict[str, Any]", values)


def _checked(validate: Any, fields: dict[str, Any]) -> Any:
    try:
        return validate(fields)
    except ValidationError as error:
        raise InvalidLine(_told(error)) from None


def _told(error: ValidationError) -> str:
    problems = error.errors(include_input=False, include_url=False)
    return "; ".join(
        ": ".join((*_place(problem["loc"]), problem["msg"].removeprefix("Value error, ")))
        for problem in problems
    )


def _place(location: tuple[int | str, ...]) -> tuple[str, ...]:
    return (".".join(map(str, location)),) if location else ()


def _standing(flow: AuthFlow) -> dict[str, Any]:
    return {"next_step": flow.step.to_json(), "accepts": list(flow.accepts)}


def _failed(flow: AuthFlow, error: AuthFlowError) -> dict[str, Any]:
    told = {"name": error.name, "message": error.message, "retryable": error.retryable}
    return {"error": told, **_standing(flow)}
