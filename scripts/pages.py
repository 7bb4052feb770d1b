"""Write the generated parts of the docs anew: the diagram, and the tables of steps, events and
guards.

    python3 scripts/tool.py scripts.pages

A generated part stands between the comments `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from auth_flow.states import _diagram as diagram
from auth_flow.states._events import EVENTS
from auth_flow.states.chart import CHART
from auth_flow.states.steps import STEPS, Done, Idle
from auth_flow.states.steps._base import Challenge

ROOT = Path(__file__).resolve().parent.parent

ANYWHERE = ("answer", "sign_in", "sign_in_with_redirect", "cancel")
"""The events that nearly every step accepts. The table of steps leaves them out."""


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ("---",) * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def quoted(names: Iterable[str]) -> str:
    """Return names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def the_diagram() -> str:
    """Return the chart as a Mermaid diagram."""
    return f"```mermaid\n{diagram.mermaid()}```\n"


def accepted() -> str:
    """Return the events that each step accepts."""
    return table(("step", "events"), ((f"`{name}`", quoted(CHART.accepts(name))) for name in STEPS))


def rules() -> str:
    """Return the guards with their rules, in the order of the chart."""
    guards = dict.fromkeys(guard for arrow in CHART.transitions for guard in arrow.guards)
    return table(("guard", "rule"), ((f"`{guard.name}`", guard.rule) for guard in guards))


def steps() -> str:
    """Return the steps with their classes, their names at Cognito, and the events that answer
    them.
    """
    rows = []
    for name, step in STEPS.items():
        hidden = ("cancel",) if step in (Idle, Done) else ANYWHERE
        challenges = step.challenges if issubclass(step, Challenge) else ()
        events = (event for event in CHART.accepts(name) if event not in hidden)
        answers = quoted(EVENTS[event].__name__ for event in events if event in EVENTS)
        rows.append((f"`{name}`", f"`{step.__name__}`", quoted(challenges), answers))
    return table(("step", "class", "Cognito's challenge", "events"), rows)


def events() -> str:
    """Return the events with their classes and fields."""
    rows = []
    for name, event in EVENTS.items():
        fields = {
            key: value
            for key, value in event.model_fields.items()
            if key not in ("event", "client_metadata")
        }
        spelled = quoted(
            key + ("" if field.is_required() else "?") for key, field in fields.items()
        )
        rows.append((f"`{name}`", f"`{event.__name__}`", spelled))
    return table(("event", "class", "fields"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "diagram": the_diagram,
    "accepted events": accepted,
    "guards": rules,
    "steps": steps,
    "events": events,
}

PART = re.compile(r"(<!-- generated: ([^\n]+) -->\n\n?).*?(\n?<!-- end -->)", re.DOTALL)


def filled(page: str) -> str:
    """Return a page with its generated parts as they should be."""
    return PART.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}{found[3]}", page)


def main() -> None:
    """Write the pages."""
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if (new := filled(text)) != text:
            path.write_text(new, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
