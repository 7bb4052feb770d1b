"""A flow at rest as a sealed text, for a cookie, a bot's state or a database row.

If Cognito's session has 2,048 characters, the text of most steps has about 2,700.
"""

from __future__ import annotations

import json

from pydantic import ValidationError

from auth_flow._user_pool import UserPool
from auth_flow.errors import FlowTooLarge, SealBroken
from auth_flow.sealing._sealer import Sealer
from auth_flow.states._record import Record

DAY = 86400.0


def park(
    record: Record, sealer: Sealer, pool: UserPool, *, owner: str = "", limit: int | None = None
) -> str:
    """Seal a flow. The text opens for this pool, app client and owner only.

    `owner` identifies the chat or the browser that the flow belongs to. Without it, the text
    alone is enough to continue the flow. `limit` is the greatest number of characters; see
    `AuthFlow.park`. Raises `FlowTooLarge`.
    """

    def sealed(record: Record) -> str:
        values = json.dumps(record.to_json(), ensure_ascii=False, separators=(",", ":"))
        return sealer.seal(values, *_purpose(pool, owner))

    text = sealed(record)
    if limit is not None and len(text) > limit:
        text = sealed(record.model_copy(update={"step": record.step.abridged()}))
        if len(text) > limit:
            raise FlowTooLarge(len(text), limit)
    return text


def resume(
    text: str, sealer: Sealer, pool: UserPool, *, owner: str = "", max_age: float = DAY
) -> Record:
    """Open a flow that `park` has sealed at most `max_age` seconds ago. Raises `SealBroken`.

    If the time for the challenge is over, the flow itself raises `SessionExpired` at the next
    event. A flow that was signed in opens as idle, because the text holds no session.
    """
    values = sealer.open(text, *_purpose(pool, owner), max_age=max_age)
    try:
        record = Record.model_validate_json(values)
    except ValidationError:
        raise SealBroken(
            "The flow was parked by a version that this one does not understand."
        ) from None
    return Record() if record.signed_in else record


def _purpose(pool: UserPool, owner: str) -> tuple[str, ...]:
    return "flow", pool.user_pool_id, pool.client_id, owner
