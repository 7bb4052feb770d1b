"""The chart as a picture, drawn from its tables: as Mermaid for Markdown, as DOT for Graphviz.

Arrows with the same ends are drawn as one, with a line for each event and its guards in brackets.
The events that may come at any time, and the guard that all answers to a challenge share, are in a
note instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auth_flow.states._events import Cancel, SignIn, SignInWithRedirect
from auth_flow.states._guards import session_is_alive
from auth_flow.states._machine import Transition
from auth_flow.states._work import WORK
from auth_flow.states.chart import CHART
from auth_flow.states.steps import Done, Idle


def groups() -> dict[str, list[str]]:
    """Return the names of the steps that wait for an answer, by their group."""
    named: dict[str, list[str]] = {}
    for step in CHART.steps.values():
        if step.group is not None:
            named.setdefault(step.group, []).append(step.name)
    return named


NOTE = (
    f"{SignIn.name} and {SignInWithRedirect.name} also leave unfinished steps and signed-out DONE.",
    f"{Cancel.name} leads from every unfinished step to IDLE.",
    "An answer that comes too late leads to IDLE, and so does the end of a session.",
    "Tokens that were obtained elsewhere lead from every step to DONE.",
    f"Every answer to a challenge is also guarded by {session_is_alive.name}.",
)
"""The rules that the diagram states in a note instead of drawing them."""


class Arrow(NamedTuple):
    """All transitions from one state to another, with a label for each event."""

    source: str
    target: str
    labels: tuple[str, ...]


def arrows() -> tuple[Arrow, ...]:
    """Return the arrows that are drawn, in the order of the chart."""
    labels: dict[tuple[str, str], list[str]] = {}
    for transition in CHART.transitions:
        if _is_drawn(transition):
            ends = (transition.source, transition.target)
            labels.setdefault(ends, []).append(_label(transition))
    for work, steps in CHART.replies.items():
        labels |= {(work, step): [] for step in steps if step != Idle.name}
    return tuple(Arrow(source, target, tuple(texts)) for (source, target), texts in labels.items())


def _is_drawn(transition: Transition) -> bool:
    return transition.event != Cancel.name and (
        transition.event not in (SignIn.name, SignInWithRedirect.name)
        or transition.source == Idle.name
    )


def _label(transition: Transition) -> str:
    names = [guard.name for guard in transition.guards if guard is not session_is_alive]
    return f"{transition.event} [{', '.join(names)}]" if names else transition.event


def mermaid() -> str:
    """Return the diagram for a fenced `mermaid` block."""
    return "\n".join(_mermaid()) + "\n"


def _mermaid() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield "    direction LR"
    yield "    classDef work fill:#fde68a,stroke:#b45309,color:#111827"
    yield f"    [*] --> {Idle.name}"
    for number, (title, steps) in enumerate(groups().items()):
        yield f'    state "{title}" as group{number} {{'
        yield from (f"        {step}" for step in steps)
        yield "    }"
    for arrow in arrows():
        label = f": {'<br/>'.join(arrow.labels)}" if arrow.labels else ""
        yield f"    {arrow.source} --> {arrow.target}{label}"
    yield f"    {Done.name} --> [*]"
    yield f"    class {','.join(WORK)} work"
    yield f"    note right of {Idle.name}"
    yield from (f"        {sentence}" for sentence in NOTE)
    yield "    end note"


def dot() -> str:
    """Return the diagram for Graphviz."""
    return "\n".join(_dot()) + "\n"


def _dot() -> Iterator[str]:
    yield "digraph sign_in {"
    yield "    graph [rankdir=LR, fontname=Helvetica, labelloc=b, labeljust=l];"
    yield f'    label="{_left_aligned(NOTE)}";'
    yield '    node [shape=box, style="rounded,filled", fillcolor=white];'
    yield "    node [fontname=Helvetica, fontsize=11];"
    yield "    edge [fontname=Helvetica, fontsize=9];"
    yield from (f'    {state} [fillcolor="#fde68a", color="#b45309"];' for state in WORK)
    yield f"    {Done.name} [peripheries=2];"
    for number, (title, steps) in enumerate(groups().items()):
        names = " ".join(f"{step};" for step in steps)
        yield f'    subgraph cluster{number} {{ label="{title}"; labelloc=t; color=gray; {names} }}'
    for arrow in arrows():
        # Answers lead back. Drawn from head to tail, they leave the columns as they are: IDLE,
        # work, steps.
        back = arrow.target in WORK and arrow.source != Idle.name
        left, right, direction = (
            (arrow.target, arrow.source, "back")
            if back
            else (arrow.source, arrow.target, "forward")
        )
        yield f'    {left} -> {right} [label="{_left_aligned(arrow.labels)}", dir={direction}];'
    yield "}"


def _left_aligned(lines: tuple[str, ...]) -> str:
    return "".join(line + r"\l" for line in lines)
