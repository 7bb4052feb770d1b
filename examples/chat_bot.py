"""A chat bot: it asks for one field of a form after the other, until the person is signed in.

Nothing stays in memory between two messages. The flow and the answers so far are sealed texts, here
in a dict that stands for the bot's database; the session is in a store. So the next message may
come an hour later, and to another process.

It runs as it is, on a user pool in the same process: `python -m examples.chat_bot`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping

import anyio

from auth_flow import (
    AuthConfig,
    AuthFlow,
    AuthFlowError,
    Form,
    FormSettings,
    GuardRejected,
    Sealer,
    SignInOptions,
    UserPool,
    new_key,
)
from auth_flow.embedded import EmbeddedCognito
from auth_flow.session import Session
from auth_flow.stores import MemoryStore


class Bot:
    """Answers messages. `config` has the transport and the store of the sessions; `parked` keeps
    the flows that are under way.
    """

    def __init__(
        self,
        pool: UserPool,
        sealer: Sealer,
        parked: MutableMapping[str, tuple[str, str]],
        config: AuthConfig,
    ) -> None:
        self.pool = pool
        self.sealer = sealer
        self.parked = parked
        self.config = config

    async def on_message(self, chat: str, text: str) -> str:
        """Take the text that a person typed, and return the answer."""
        if chat not in self.parked:  # the first message only starts a flow
            flow = AuthFlow(self.pool, config=self.config)
            return self.ask(chat, flow, flow.form(), {})
        parked, sealed = self.parked[chat]
        flow = AuthFlow.resume(
            parked, self.pool, sealer=self.sealer, owner=chat, config=self.config
        )
        form = flow.form()
        answers: dict[str, str] = json.loads(self.sealer.open(sealed, "answers", chat))
        try:
            if form.action(text):  # such as resend_code
                answers = {}
                await flow.send(flow.fill({}, text))
            else:
                if missing := unanswered(form, answers):
                    answers[missing[0]] = text
                if not unanswered(form, answers):
                    event = flow.fill(answers)
                    answers = {}
                    await flow.send(event)
        except GuardRejected as refusal:  # the answers that were not at fault are kept
            answers = {name: answers[name] for name in answers if name not in refusal.problems}
            return self.ask(chat, flow, flow.form(error=refusal), answers)
        except AuthFlowError as error:
            return self.ask(chat, flow, flow.form(error=error), {})
        if flow.signed_in:
            del self.parked[chat]
            return str(flow.form().title)
        return self.ask(chat, flow, flow.form(), answers)

    def ask(self, chat: str, flow: AuthFlow, form: Form, answers: Mapping[str, str]) -> str:
        """Put the flow away, and return the next question."""
        sealed = self.sealer.seal(json.dumps(dict(answers)), "answers", chat)
        self.parked[chat] = (flow.park(self.sealer, owner=chat), sealed)
        labels = {field.name: str(field.label) for field in form.questions}
        missing = unanswered(form, answers)
        question = labels[missing[0]] if missing else f"{form.actions[0].label}?"
        return question if answers else f"{form.as_text()}\n{question}"


def unanswered(form: Form, answers: Mapping[str, str]) -> list[str]:
    """Return the names of the fields that are still to be asked for."""
    return [field.name for field in form.questions if field.required and field.name not in answers]


async def main() -> None:
    """Let ada sign in, with a wrong code in between. Then use her session as another process
    would.
    """
    users = (service := EmbeddedCognito()).create_pool()
    users.create_user("ada", attributes={"email": "ada@example.org"})
    pool = UserPool(user_pool_id=users.id, client_id=users.create_client().id)
    sealer = Sealer([new_key()])  # make a key once, and keep it with your other secrets
    parked = dict[str, tuple[str, str]]()
    options = SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP")
    async with service.transport() as transport:
        config = AuthConfig(
            transport=transport, store=MemoryStore(), forms=FormSettings(sign_in_options=options)
        )

        async def message(text: str) -> None:
            print(">", text)
            print(await Bot(pool, sealer, parked, config).on_message("chat-1", text))

        await message("hello")
        await message("ada")
        await message("000000")
        await message((await users.outbox.receive("ada")).code)
        session = await Session.load(pool, "ada", config=config)
        print((await session.fetch_user_attributes())["email"])


if __name__ == "__main__":
    anyio.run(main)
