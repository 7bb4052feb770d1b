"""The driver of the state machine, for asyncio and trio, imported with a flow's first event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from auth_flow._threads import compute
from auth_flow.errors import AuthFlowError
from auth_flow.states._effects import Call, Checkpoint, Compute, Dialogue, DropDevice, Fetch

T = TypeVar("T")


async def drive(
    dialogue: Dialogue[T],
    *,
    call: Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]],
    fetch: Callable[[Fetch], Awaitable[tuple[int, bytes]]],
    keep: Callable[[Checkpoint], Awaitable[None]],
    drop_device: Callable[[str], Awaitable[None]],
) -> T:
    """Perform the effects of a dialogue, send it their results, and return its outcome.

    `call` sends a request as `Transport.call` does, and `fetch` makes a plain HTTP request and
    returns status and content. `keep` stores a checkpoint, and `drop_device` forgets the device of
    the user with this name.

    Raises the errors of the dialogue. Cancelling ends the dialogue where it is.
    """
    try:
        effect = next(dialogue)
        while True:
            # Replies are never in a variable, because reports of errors show those.
            results: list[Any] = []
            try:
                match effect:
                    case Call():
                        results.append(await call(effect.operation, effect.body))
                    case Fetch():
                        results.append(await fetch(effect))
                    case Compute(work):
                        results.append(await compute(work))
                    case Checkpoint():
                        await keep(effect)
                        results.append(None)
                    case DropDevice(name):
                        await drop_device(name)
                        results.append(None)
            except AuthFlowError as error:
                effect = dialogue.throw(error)
            else:
                effect = dialogue.send(results.pop())
    except StopIteration as stop:
        outcome: T = stop.value
        return outcome
    finally:
        dialogue.close()
