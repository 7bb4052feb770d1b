"""A first program: sign in, and answer every question.

It runs as it is, on a user pool in the same process. If you have a pool on AWS, give its ids to
`UserPool` and remove the lines about the embedded pool and the transport.
"""

from __future__ import annotations

import anyio

from auth_flow import AuthFlow, SignIn, Step, UserPool
from auth_flow.embedded import EmbeddedCognito, EmbeddedUserPool, PoolSettings


async def main() -> None:
    """Sign ada in with a code by SMS."""
    service = EmbeddedCognito()
    users = made_up_pool(service)

    async def ask(step: Step) -> str:
        """Return the answer of the user: here, the code in the outbox."""
        print(step.form().title)
        return (await users.outbox.receive("ada")).code

    pool = UserPool(user_pool_id=users.id, client_id=users.create_client().id)
    transport = service.transport()
    async with transport, AuthFlow(pool, transport=transport) as flow:
        await flow.run(SignIn(username="ada", password="Correct-Horse-1"), answer=ask)
        print(flow.step.name, flow.session.access_token.claims.subject)


def made_up_pool(service: EmbeddedCognito) -> EmbeddedUserPool:
    """Create a pool with one user. Her second factor is a code by SMS."""
    users = service.create_pool(PoolSettings(mfa_configuration="OPTIONAL"))
    users.create_user(
        "ada", "Correct-Horse-1", attributes={"phone_number": "+15555550100"}, mfa=["SMS_MFA"]
    )
    return users


if __name__ == "__main__":
    anyio.run(main)
