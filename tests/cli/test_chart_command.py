"""The diagram has the whole chart, and the command prints it."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from xml.etree import ElementTree

import pytest

from auth_flow._cli import main
from auth_flow.states import _diagram as diagram
from auth_flow.states.chart import TRANSITIONS
from auth_flow.states.steps import STEPS, Done, Idle

NOT_DRAWN = {"cancel", "ended", "session_restored"}


def test_every_step_is_in_one_group() -> None:
    grouped = Counter(step.name for steps in diagram.GROUPS.values() for step in steps)
    assert grouped == Counter(set(STEPS) - {Idle.name, Done.name})


def test_every_transition_is_drawn_or_told() -> None:
    drawn = {
        (arrow.source, label, arrow.target) for arrow in diagram.arrows() for label in arrow.labels
    }
    for transition in TRANSITIONS:
        guards = [guard for guard in transition.guards if guard != "session_is_alive"]
        label = f"{transition.event} [{', '.join(guards)}]" if guards else transition.event
        is_drawn = transition.event not in NOT_DRAWN and (
            transition.event != "sign_in" or transition.source == Idle.name
        )
        assert ((transition.source, label, transition.target) in drawn) == is_drawn
    for event in (*NOT_DRAWN, "sign_in", "session_is_alive"):
        assert any(event in sentence for sentence in diagram.NOTE)


def test_what_the_note_tells_is_so() -> None:
    unfinished = set(STEPS) - {Done.name}
    sources = {
        event: {arrow.source for arrow in TRANSITIONS if arrow.event == event}
        for event in (*NOT_DRAWN, "sign_in")
    }
    assert sources["sign_in"] == {*unfinished, Done.name}
    assert sources["cancel"] == unfinished
    assert sources["session_restored"] == set(STEPS)


def test_arrows_with_the_same_ends_are_one() -> None:
    ends = Counter((arrow.source, arrow.target) for arrow in diagram.arrows())
    assert set(ends.values()) == {1}


def test_mermaid() -> None:
    text = diagram.mermaid()
    assert text.startswith("stateDiagram-v2\n")
    arrows = re.findall(r"^    (\w+) --> (\w+): (.+)$", text, re.MULTILINE)
    assert [
        (source, target, tuple(labels.split("<br/>"))) for source, target, labels in arrows
    ] == list(diagram.arrows())
    assert f"class {','.join(diagram.WORK)} work" in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("form", ["mermaid", "dot"])
def test_command(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chart", "--format", form]) == 0
    assert capsys.readouterr().out == getattr(diagram, form)()


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_svg(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chart", "--format", "svg"]) == 0
    titles = [
        title.text
        for title in ElementTree.fromstring(capsys.readouterr().out).iter(
            "{http://www.w3.org/2000/svg}title"
        )
    ]
    assert set(titles) >= {*STEPS, *diagram.WORK}


def test_svg_without_graphviz(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["chart", "--format", "svg"]) == 1
    assert capsys.readouterr().err.startswith("Error: Graphviz")
