"""Print every sentence that a user or a caller sees, for a comparison of Python with and without
`-OO`, which removes docstrings and assertions.

    python -OO -m tests.house.optimized refusals
    python -OO -m tests.house.optimized helps
"""

from __future__ import annotations

import sys

import click

from auth_flow.errors import AuthFlowError


def refusals() -> None:
    """Have every guard refuse an event."""
    from auth_flow.states.chart import CHART
    from tests.chart.resting import turn
    from tests.chart.test_guards import NO

    for guard in dict.fromkeys(
        guard for transition in CHART.transitions for guard in transition.guards
    ):
        print(guard.name, guard.rule)  # noqa: T201
    for _, record, event in NO:
        try:
            CHART.begin(turn(record, event))
        except AuthFlowError as refusal:
            print(refusal.message)  # noqa: T201


def helps() -> None:
    """Ask every command for its help."""
    from auth_flow._cli.application import auth_flow

    def show(command: click.Command, parent: click.Context | None, name: str) -> None:
        context = click.Context(command, info_name=name, parent=parent)
        print(command.get_help(context))  # noqa: T201
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                if below is not None:
                    show(below, context, name)

    show(auth_flow, None, "auth-flow")


if __name__ == "__main__":
    {"refusals": refusals, "helps": helps}[sys.argv[1]]()
