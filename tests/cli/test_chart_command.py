"""The diagram has the whole chart, and the command prints it."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from xml.etree import ElementTree

import pytest

from auth_flow._cli import main
from auth_flow.states import _diagram as diagram
from auth_flow.states._work import WORK
from auth_flow.states.chart import CHART
from auth_flow.states.steps import STEPS, Done, Idle


def test_every_step_is_in_one_group() -> None:
    grouped = Counter(step for steps in diagram.groups().values() for step in steps)
    assert grouped == Counter(set(STEPS) - {Idle.name, Done.name})


def test_every_transition_is_drawn_or_noted() -> None:
    drawn = {
        (arrow.source, label, arrow.target) for arrow in diagram.arrows() for label in arrow.labels
    }
    for arrow in CHART.transitions:
        guards = [guard.name for guard in arrow.guards if guard.name != "session_is_alive"]
        label = f"{arrow.event} [{', '.join(guards)}]" if guards else arrow.event
        is_drawn = arrow.event != "cancel" and (
            arrow.event not in ("sign_in", "sign_in_with_redirect") or arrow.source == Idle.name
        )
        assert ((arrow.source, label, arrow.target) in drawn) == is_drawn
    ends = {(arrow.source, arrow.target) for arrow in diagram.arrows()}
    assert ends >= {
        (work, step) for work, steps in CHART.replies.items() for step in steps if step != "IDLE"
    }
    for event in ("cancel", "sign_in", "session_is_alive"):
        assert any(event in sentence for sentence in diagram.NOTE)


def test_the_note_is_true() -> None:
    unfinished = set(STEPS) - {Done.name}
    sources = {
        event: {arrow.source for arrow in CHART.transitions if arrow.event == event}
        for event in ("cancel", "sign_in")
    }
    assert sources["sign_in"] == {*unfinished, Done.name}
    assert sources["cancel"] == unfinished
    assert all(Done.name in CHART.leaps[step] for step in STEPS)


def test_arrows_with_the_same_ends_are_one() -> None:
    ends = Counter((arrow.source, arrow.target) for arrow in diagram.arrows())
    assert set(ends.values()) == {1}


def test_mermaid() -> None:
    text = diagram.mermaid()
    assert text.startswith("stateDiagram-v2\n")
    arrows = re.findall(r"^    ([A-Z]\w+) --> (\w+)(?:: (.+))?$", text, re.MULTILINE)
    assert [
        (source, target, tuple(labels.split("<br/>")) if labels else ())
        for source, target, labels in arrows
    ] == list(diagram.arrows())
    assert f"class {','.join(WORK)} work" in text
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
    assert set(titles) >= {*STEPS, *WORK}


def test_svg_without_graphviz(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["chart", "--format", "svg"]) == 1
    assert capsys.readouterr().err.startswith("Error: SVG needs Graphviz")
