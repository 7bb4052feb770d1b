"""A chat bot: a person types an address, gets a code by e-mail, types the code, and is signed in.

Between two messages nothing stays in memory. The flow is a sealed text, here in a dict that stands
for the bot's database; the session is in a store. So the next message may come an hour later, and
to another process.

It runs as it is, against a user pool in the same process: `python -m examples.chat_bot`.
"""

from __future__ import annotations

from collections.abc import MutableMapping

import anyio

from auth_flow import Answer, AuthFlow, AuthFlowError, Done, Idle, Sealer, SignIn, UserPool, new_key
from auth_flow.embedded import EmbeddedCognito
from auth_flow.session import Session
from auth_flow.stores import MemoryStore
from auth_flow.stores._base import Store
from auth_flow.transports._base import Transport
from auth_flow.transports._cognito import CognitoTransport


class Bot:
    """Answers messages. `parked` keeps the flows that are under way, `store` the sessions of those
    who are signed in.
    """

    def __init__(
        self,
        pool: UserPool,
        transport: Transport,
        sealer: Sealer,
        parked: MutableMapping[str, str],
        store: Store,
    ) -> None:
        self.pool, self.transport, self.sealer = pool, transport, sealer
        self.parked, self.store = parked, store

    async def on_message(self, chat: str, text: str) -> str:
        """Take what a person typed, and return what to say."""
        if parked := self.parked.get(chat):
            flow = AuthFlow.resume(
                parked,
                self.pool,
                sealer=self.sealer,
                owner=chat,
                transport=self.transport,
                store=self.store,
            )
            event: Answer | SignIn = Answer(response=text)
        else:
            flow = AuthFlow(self.pool, transport=self.transport, store=self.store)
            event = SignIn(
                username=text, auth_flow_type="USER_AUTH", preferred_challenge="EMAIL_OTP"
            )
        try:
            await flow.send(event)
            said = ""
        except (
            AuthFlowError
        ) as error:  # `flow.step` tells where that leaves us: a wrong code may be typed again
            said = f"{error} "
        if isinstance(flow.step, Done | Idle):
            self.parked.pop(chat, None)
        else:
            self.parked[chat] = flow.park(self.sealer, owner=chat)
        return said + flow.step.name


async def main() -> None:
    """Let ada sign in, with a wrong code in between; then use her session, as another process
    would.
    """
    users = (service := EmbeddedCognito()).create_pool()
    users.create_user("ada", attributes={"email": "ada@example.org"})
    pool = UserPool(user_pool_id=users.id, client_id=users.create_client().id)
    store, parked = MemoryStore(), dict[str, str]()
    sealer = Sealer([new_key()])  # a key is made once, and kept where secrets are kept
    async with CognitoTransport("http://embedded", client=service.http_client()) as transport:

        async def message(text: str) -> None:
            print(">", text)
            print(await Bot(pool, transport, sealer, parked, store).on_message("chat-1", text))

        await message("ada")
        await message("not the code")
        await message((await users.outbox.receive("ada")).code)
        session = await Session.load(pool, "ada", store=store, transport=transport)
        print((await session.fetch_user_attributes())["email"])


if __name__ == "__main__":
    anyio.run(main)
