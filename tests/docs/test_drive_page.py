"""The page about the drive protocol names every event with its fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from auth_flow.states import EVENTS, Event

PAGE = (Path(__file__).parents[2] / "docs" / "drive.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_each_event_is_told_with_its_fields(event: type[Event]) -> None:
    fields = {
        name: field
        for name, field in event.model_fields.items()
        if name not in ("event", "client_metadata")
    }
    told = ", ".join(
        f"`{name}`" if field.is_required() else f"`{name}?`" for name, field in fields.items()
    )
    assert f"| `{event.name}` | {told} |\n".replace("|  |", "| |") in PAGE
