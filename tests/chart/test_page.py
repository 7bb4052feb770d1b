"""The chart's page in the docs shows the chart as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from auth_flow.states import _diagram as diagram
from auth_flow.states._guards import Guard
from auth_flow.states.chart import CHART

PAGE = (Path(__file__).parents[2] / "docs" / "chart.md").read_text(encoding="utf-8")


def test_the_diagram_is_the_one_that_the_command_prints() -> None:
    assert f"```mermaid\n{diagram.mermaid()}```" in PAGE


@pytest.mark.parametrize("step", CHART.steps)
def test_each_step_is_listed_with_its_events(step: str) -> None:
    assert f"| `{step}` | {', '.join(f'`{event}`' for event in CHART.accepts(step))} |\n" in PAGE


@pytest.mark.parametrize(
    "guard",
    dict.fromkeys(guard for arrow in CHART.transitions for guard in arrow.guards),
    ids=lambda guard: guard.name,
)
def test_each_guard_is_listed_with_its_rule(guard: Guard) -> None:
    assert f"| `{guard.name}` | {guard.rule} |\n" in PAGE
