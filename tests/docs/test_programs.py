"""The programs that the documents show are run."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path

import anyio
import pytest

from examples import chat_bot, first_program

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


def test_the_handler_in_the_docs_is_the_one_that_runs() -> None:
    shown, runs = (
        code_in("docs/parking.md")[1],
        textwrap.dedent(inspect.getsource(chat_bot.Bot.on_message)),
    )
    assert ast.dump(ast.parse(shown)) == ast.dump(ast.parse(runs))
