"""The programs that the documents show are run."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
from pathlib import Path

import anyio
import pytest

from auth_flow import UserPool
from auth_flow.embedded import EmbeddedCognito, PoolSettings, running
from examples import chat_bot, first_program

ROOT = Path(__file__).parents[2]


def code_in(page: str) -> list[str]:
    """The Python of a page, a block each."""
    return re.findall(
        r"^```python\n(.*?)^```",
        (ROOT / page).read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )


def test_the_first_program_of_the_readme_survives_a_wrong_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = EmbeddedCognito()
    pool = service.create_pool(PoolSettings(mfa_configuration="OPTIONAL"))
    pool.create_user("ada", "…", attributes={"email": "ada@example.org"}, mfa=["EMAIL_OTP"])
    client, answers = pool.create_client(), iter(["wrong", "000000"])

    def typed(prompt: str) -> str:
        message = pool.outbox.last("ada")
        assert prompt == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE: "
        assert message is not None
        return next(answers, message.code)

    monkeypatch.setattr(builtins, "input", typed)
    with running(service) as url:

        def served_pool(**_: str) -> UserPool:
            return UserPool(user_pool_id=pool.id, client_id=client.id, endpoint=url)

        monkeypatch.setattr("auth_flow.UserPool", served_pool)
        exec(compile(code_in("README.md")[0], "README.md", "exec"), {"__name__": "readme"})
    refused, mismatch, subject = capsys.readouterr().out.splitlines()
    assert refused.endswith("A code by SMS or e-mail must consist of digits.")
    assert "code" in mismatch
    user = pool.user("ada")
    assert user is not None
    assert subject == user.sub


@pytest.mark.parametrize("program", [first_program, chat_bot])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_examples_run(
    program: object, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    anyio.run(program.main, backend=backend)  # type: ignore[attr-defined]
    assert "DONE" in capsys.readouterr().out


def test_the_handler_in_the_docs_is_the_one_that_runs() -> None:
    shown, runs = (
        code_in("docs/parking.md")[1],
        textwrap.dedent(inspect.getsource(chat_bot.Bot.on_message)),
    )
    assert ast.dump(ast.parse(shown)) == ast.dump(ast.parse(runs))
