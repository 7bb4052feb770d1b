"""Read a line, perform it, and return the line that answers it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar, cast

import anyio
from pydantic import ValidationError

from auth_flow._cli.drive import account, devices, forms, mfa, passkeys, session
from auth_flow._cli.drive.calls import CALLS
from auth_flow._cli.drive.forms import FilledForm
from auth_flow._flow import AuthFlow
from auth_flow.errors import AuthFlowError, CallerError, GuardRejected
from auth_flow.states._base import Value
from auth_flow.states._events import EVENTS

# A call enters itself in CALLS when its module is imported.
REGISTERED = (session, account, mfa, devices, passkeys, forms)


class InvalidLine(CallerError):
    """A line is not JSON, names no event or call, or has a missing or wrong field."""


async def answer(flow: AuthFlow, line: str | bytes) -> dict[str, Any]:
    """Perform a line, and return the line that answers it. Bytes have to be UTF-8."""
    try:
        return await _perform(flow, _object(line))
    except AuthFlowError as error:
        return _failed(flow, error)


async def _perform(flow: AuthFlow, line: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(line)
    match line:
        case {"event": "fill"}:
            del fields["event"]
            await flow.send(_checked(FilledForm, fields).event(flow))
            return _standing(flow)
        case {"event": str(name)} if name in EVENTS:
            del fields["event"]
            await flow.send(_checked(EVENTS[name], fields))
            return _standing(flow)
        case {"call": str(name)} if name in CALLS:
            del fields["call"]
            return {"result": await _checked(CALLS[name], fields).perform(flow)}
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


def _object(line: str | bytes) -> dict[str, Any]:
    try:
        text = line if isinstance(line, str) else line.removeprefix(_MARK).decode()
    except UnicodeDecodeError:
        raise InvalidLine("The line is not UTF-8.") from None
    try:
        values: Any = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InvalidLine("The line is not JSON, or nested too deeply.") from None
    if not isinstance(values, dict):
        raise InvalidLine("The line is not a JSON object.")
    return cast("dict[str, Any]", values)


_MARK = b"\xef\xbb\xbf"
"""The byte order mark, which some programs write in front of UTF-8."""


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and Infinity: Python reads and writes them, but they are not JSON."""
    raise ValueError(constant)


_Model = TypeVar("_Model", bound=Value)


def _checked(model: type[_Model], fields: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise InvalidLine(_explained(error)) from None


def _explained(error: ValidationError) -> str:
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
    report: dict[str, Any] = {
        "name": error.name,
        "message": error.message,
        "retryable": error.retryable,
    }
    if isinstance(error, GuardRejected) and error.problems:
        report["problems"] = {
            field: problem.model_dump(mode="json") for field, problem in error.problems.items()
        }
    return {"error": report, **_standing(flow)}
