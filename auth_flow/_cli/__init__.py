"""The command line. `drive` runs in the base install; the commands for people in a terminal need
the `terminal` extra.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

_EXTRA = {"click", "rich", "segno"}

_NEEDS = {
    **dict.fromkeys(
        (
            "demo",
            "sign-in",
            "sign-up",
            "reset-password",
            "whoami",
            "token",
            "attributes",
            "password",
            "mfa",
            "devices",
            "passkey",
            "sign-out",
            "chart",
            "new-key",
        ),
        "terminal",
    ),
    "serve": "server,terminal",
}
"""The extras that each command needs, for an installation that cannot import the commands."""

_WITHOUT_EXTRA = """\
Usage: auth-flow drive [OPTIONS]
       auth-flow --version

  Sign users in to Amazon Cognito. This installation has one command:

  drive    run a flow from another program: JSON lines in, JSON lines out

The commands for people in a terminal (demo, sign-in and others) need an optional
part: pip install 'auth-flow[terminal]'. The command serve needs two of them:
pip install 'auth-flow[server,terminal]'
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    It is 0 after success, 1 after an error, 2 after wrong usage or if an extra is missing, and 130
    after an interrupt.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["drive"]:
        from auth_flow._cli import drive

        return drive.main(arguments[1:])
    try:
        from auth_flow._cli.application import run
    except ModuleNotFoundError as missing:
        if missing.name not in _EXTRA:
            raise
        return _without_extra(arguments)
    return run(arguments)


def _without_extra(arguments: list[str]) -> int:
    from auth_flow._cli.version import version

    if not arguments or arguments[0] in ("--help", "-h"):
        sys.stdout.write(_WITHOUT_EXTRA)
        return 0
    if arguments[0] == "--version":
        sys.stdout.write(f"{version()}\n")
        return 0
    sys.stderr.write(f"Error: {_complaint(arguments[0])}\n")
    return 2


def _complaint(argument: str) -> str:
    if argument in _NEEDS:
        extra = _NEEDS[argument]
        return (
            f"auth-flow {argument} needs an optional dependency: pip install 'auth-flow[{extra}]'"
        )
    kind = "option" if argument.startswith("-") else "command"
    return f"No such {kind} {argument!r}."
