"""The end of the demo."""

from __future__ import annotations

from auth_flow._cli.prompter import Prompter
from auth_flow._cli.signing_in import show_result
from auth_flow._flow import AuthFlow
from auth_flow.states.steps import Done


def show_ending(person: Prompter, done: Done, flow: AuthFlow) -> None:
    """Show the path through the chart, a line for each event, and the result."""
    path = "\n".join(
        f"{entry.event:<22} {entry.source} -> {entry.target}"
        + (f" ({entry.error})" if entry.error else "")
        for entry in flow.history
    )
    person.tell(f"\n{path}\n", "quiet")
    show_result(done, flow)
