"""`auth-flow drive`: a flow for programs in any language, over JSON lines. docs/drive.md describes
the protocol.

::

    lines                      read a line, perform it, answer it
    calls                      the base of the calls, and the calls by name
    session, account, mfa,
    devices, passkeys, forms   the calls, a module for each concern
    settings                   the options, and the flow that they describe
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

import anyio

from auth_flow._cli.drive.lines import InvalidLine, answer
from auth_flow._cli.drive.settings import DriveSettings, open_flow
from auth_flow.errors import MissingExtra

__all__ = ["InvalidLine", "answer", "main"]


def main(arguments: Sequence[str]) -> int:
    """Answer each line of standard input by one line on standard output, until the input ends.

    Both are UTF-8, whatever the locale is. Returns the exit status.
    """
    settings = DriveSettings.parse(arguments)
    try:
        anyio.run(_serve, settings)
    except MissingExtra as problem:
        sys.stderr.write(f"auth-flow drive: {problem}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader is gone. The interpreter flushes standard output when it ends, and must not
        # fail a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


async def _serve(settings: DriveSettings) -> None:
    async with AsyncExitStack() as stack:
        flow = await open_flow(settings, stack)
        async for line in anyio.wrap_file(sys.stdin.buffer):
            reply = json.dumps(await answer(flow, line)) + "\n"
            sys.stdout.buffer.write(reply.encode("ascii"))
            sys.stdout.buffer.flush()
