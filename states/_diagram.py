"""The chart as a picture, drawn from its table: as Mermaid for Markdown, as DOT for Graphviz.

Arrows with the same ends are one, with a line for each event and its guards in brackets. What holds
nearly everywhere is told in a note instead of drawn: the events that may come at any time, and the
guard that all answers to a challenge share.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auth_flow.states import _guards as guards
from auth_flow.states.chart import TRANSITIONS, Transition
from auth_flow.states.steps import (
    STEPS,
    AutoSignInReady,
    ConfirmationRequired,
    CustomChallenge,
    Done,
    EmailCode,
    EmailSetup,
    FirstFactorSelection,
    Idle,
    MfaSelection,
    MfaSetupSelection,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    SmsCode,
    StepBase,
    TotpCode,
    TotpSetup,
)

GROUPS: dict[str, tuple[type[StepBase], ...]] = {
    "First factors": (
        FirstFactorSelection,
        PasswordRequired,
        PasskeyRequired,
        NewPasswordRequired,
        CustomChallenge,
    ),
    "Codes": (SmsCode, EmailCode, TotpCode),
    "Second factors": (MfaSelection, MfaSetupSelection, EmailSetup, TotpSetup),
    "Accounts and passwords": (
        ConfirmationRequired,
        AutoSignInReady,
        PasswordResetRequired,
        PasswordResetCode,
    ),
}
"""The steps that wait for an answer, grouped as in the chart."""

WORK = tuple(dict.fromkeys(arrow.source for arrow in TRANSITIONS if arrow.source not in STEPS))
"""The states in which a request is under way."""

NOTE = (
    "sign_in also leaves every unfinished step, and DONE where nobody is signed in.",
    "cancel leads from every unfinished step to IDLE.",
    "ended leads to IDLE where the service or the clock ends a sign-in, and after a sign-out.",
    "session_restored leads from everywhere to DONE: tokens were obtained elsewhere.",
    f"Every answer to a challenge is also guarded by {guards.session_is_alive.__name__}.",
)
"""What is not drawn."""


class Arrow(NamedTuple):
    """All transitions from one state to another; a label for each."""

    source: str
    target: str
    labels: tuple[str, ...]


def arrows() -> tuple[Arrow, ...]:
    """Return the arrows that are drawn, in the order of the chart."""
    labels: dict[tuple[str, str], list[str]] = {}
    for transition in TRANSITIONS:
        if _is_drawn(transition):
            labels.setdefault((transition.source, transition.target), []).append(_label(transition))
    return tuple(Arrow(source, target, tuple(texts)) for (source, target), texts in labels.items())


def _is_drawn(transition: Transition) -> bool:
    match transition.event:
        case "sign_in":
            return transition.source == Idle.name
        case "cancel" | "ended" | "session_restored":
            return False
        case _:
            return True


def _label(transition: Transition) -> str:
    told = [guard for guard in transition.guards if guard != guards.session_is_alive.__name__]
    return f"{transition.event} [{', '.join(told)}]" if told else transition.event


def mermaid() -> str:
    """Return the diagram for a fenced `mermaid` block."""
    return "\n".join(_mermaid()) + "\n"


def _mermaid() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield "    direction LR"
    yield "    classDef work fill:#fde68a,stroke:#b45309,color:#111827"
    yield f"    [*] --> {Idle.name}"
    for number, (title, steps) in enumerate(GROUPS.items()):
        yield f'    state "{title}" as group{number} {{'
        yield from (f"        {step.name}" for step in steps)
        yield "    }"
    yield from (
        f"    {arrow.source} --> {arrow.target}: {'<br/>'.join(arrow.labels)}" for arrow in arrows()
    )
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
    yield '    node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica, fontsize=11];'
    yield "    edge [fontname=Helvetica, fontsize=9];"
    yield from (f'    {state} [fillcolor="#fde68a", color="#b45309"];' for state in WORK)
    yield f"    {Done.name} [peripheries=2];"
    for number, (title, steps) in enumerate(GROUPS.items()):
        names = " ".join(f"{step.name};" for step in steps)
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
