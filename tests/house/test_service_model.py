"""The library knows all that the service model has for operations without a signature."""

from __future__ import annotations

import json
import subprocess
import sys

from .tree import ROOT

PROGRAM = """
import json, service_model
model = service_model.installed()
shapes, operations = model["shapes"], model["operations"]
known = service_model.lacks(model)
operations["PaintUser"] = {
    "authtype": "none",
    "input": {"shape": "PaintUserRequest"},
    "errors": [{"shape": "WetPaintException"}],
}
operations["AdminPaintUser"] = {
    "input": {"shape": "Pot"}, "errors": [{"shape": "DryPaintException"}]
}
shapes["PaintUserRequest"] = {"members": {"Coats": {"shape": "Coats"}}}
shapes["Coats"] = {"member": {"shape": "Coat"}}
shapes["Coat"] = {"members": {"Colour": {"shape": "Text"}, "Under": {"shape": "Coat"}}}
shapes["Pot"] = {"members": {"Litres": {"shape": "Text"}}}
shapes["Text"] = {}
shapes["ChallengeNameType"]["enum"].append("PAINT_MFA")
shapes["AuthFactorType"]["enum"].append("PAINT")
print(json.dumps([known, service_model.lacks(model)]))
"""


def test_it_lacks_nothing_and_notices_what_is_new() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=True,
    )
    known, new = json.loads(done.stdout.splitlines()[-1])
    assert set(known) == set(new)
    assert not any(known.values())
    assert new == {
        "operation": ["PaintUser"],
        "member": ["Coats", "Colour", "Under"],
        "exception": ["WetPaintException"],
        "challenge": ["PAINT_MFA"],
        "first factor": ["PAINT"],
    }
