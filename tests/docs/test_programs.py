"""The programs that the documents show are run."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from examples import chat_bot, first_program, web_passkeys

ROOT = Path(__file__).parents[2]


def code_in(page: str) -> list[str]:
    """The Python of a page, a block each."""
    return re.findall(
        r"^```python\n(.*?)^```",
        (ROOT / page).read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )


@pytest.mark.parametrize("program", [first_program, chat_bot])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_examples_run(
    program: object, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    anyio.run(program.main, backend=backend)  # type: ignore[attr-defined]
    assert re.search("DONE|You are signed in", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("page", "block", "parts"),
    [
        ("docs/parking.md", 1, [chat_bot.Bot.on_message]),
        ("docs/passkeys.md", 3, [web_passkeys.show, web_passkeys.document]),
        ("docs/passkeys.md", 4, [web_passkeys.Site.new_passkey]),
    ],
)
def test_what_the_docs_show_of_an_example_is_what_runs(
    page: str, block: int, parts: list[Callable[..., object]]
) -> None:
    shown = code_in(page)[block]
    runs = "\n".join(textwrap.dedent(inspect.getsource(part)) for part in parts)
    assert ast.dump(ast.parse(shown)) == ast.dump(ast.parse(runs))
