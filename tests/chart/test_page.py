"""The chart's page in the docs shows the chart as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from auth_flow.states import _diagram as diagram
from auth_flow.states import _guards as guards
from auth_flow.states import chart
from auth_flow.states.steps import STEPS

PAGE = (Path(__file__).parents[2] / "docs" / "chart.md").read_text(encoding="utf-8")


def test_the_diagram_is_the_one_that_the_command_prints() -> None:
    assert f"```mermaid\n{diagram.mermaid()}```" in PAGE


@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_told_with_what_it_takes(step: str) -> None:
    assert f"| `{step}` | {', '.join(f'`{event}`' for event in chart.accepts(step))} |\n" in PAGE


@pytest.mark.parametrize(
    "guard", sorted({guard for arrow in chart.TRANSITIONS for guard in arrow.guards})
)
def test_each_guard_is_told_with_what_it_demands(guard: str) -> None:
    assert f"| `{guard}` | {getattr(guards, guard).__doc__} |\n" in PAGE
