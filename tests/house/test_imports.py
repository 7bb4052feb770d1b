"""What importing costs: nothing that is not needed yet, and nothing that may not be there."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from .tree import ROOT, imports, modules, project


def python(program: str) -> str:
    """Run a program in a fresh interpreter, in the checkout."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


NOT_YET = {
    *(
        "gmpy2",
        "httpx",
        "cryptography",
        "joserfc",
        "webauthn",
        "fido2",
        "uvicorn",
        "click",
        "rich",
        "segno",
        "trio",
    ),
    *("statemachine", "auth_flow.core", "auth_flow.states.chart", "auth_flow._threads"),
    *("auth_flow.session", "auth_flow._cli", "auth_flow.transports._cognito", "auth_flow.embedded"),
}


def test_the_library_imports_nothing_before_it_is_needed() -> None:
    loaded = json.loads(python("import auth_flow, json, sys; print(json.dumps(list(sys.modules)))"))
    assert NOT_YET.isdisjoint(loaded)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_first_event_imports_the_machine_beside_the_event_loop(backend: str) -> None:
    python(f"""
import sys, threading, anyio
from auth_flow import AuthFlow, Cancel, UserPool

class Watch:
    def find_spec(self, name, *_):
        if name.startswith(("statemachine", "auth_flow")):
            assert threading.current_thread() is not threading.main_thread(), name

async def main():
    flow = AuthFlow(UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example"))
    sys.meta_path.insert(0, Watch())
    await flow.send(Cancel())
    assert "statemachine" in sys.modules

anyio.run(main, backend={backend!r})
""")


def test_importing_makes_no_ssl_context() -> None:
    program = """
import ssl

class Loud(ssl.SSLContext):
    def __new__(cls, *given, **named):
        raise AssertionError("an SSL context was made")

ssl.SSLContext = Loud
import auth_flow, auth_flow.core, auth_flow.transports._cognito
"""
    python(program)


EXTRAS = {
    re.split(r"[\\[<>=~! ]", requirement)[0]: extra
    for extra, requirements in project()["project"]["optional-dependencies"].items()
    for requirement in requirements
    if not requirement.startswith("auth-flow")
}
"""The packages that only an extra brings, and which."""


def test_the_base_install_is_enough_for_all_but_what_the_extras_are_for() -> None:
    blocked = json.dumps([*EXTRAS, "gmpy2"])
    base = json.dumps([name for name in modules() if not name.startswith("auth_flow.embedded")])
    python(
        f"import importlib, sys; sys.modules.update(dict.fromkeys({blocked})); "
        f"[importlib.import_module(n) for n in {base}]"
    )


def test_all_modules_can_be_imported_first() -> None:
    """No module needs another one to have been imported before it."""
    for name in (
        "errors",
        "core",
        "states.chart",
        "states",
        "states.steps",
        "transports._base",
        "transports._cognito",
    ):
        python(f"import auth_flow.{name}")


def test_one_file_owns_the_state_machine() -> None:
    owners = {
        name
        for name, path in modules().items()
        if "statemachine" in {full.partition(".")[0] for full in imports(path)}
    }
    assert owners == {"auth_flow.states._machine"}
