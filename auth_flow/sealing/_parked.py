"""A flow at rest as a sealed text, short enough for a cookie, a bot's state or a row of a database.

A flow whose Cognito session has 2,048 characters becomes a text of some 2,700.
"""

from __future__ import annotations

import json

from pydantic import ValidationError

from auth_flow._user_pool import UserPool
from auth_flow.errors import SealBroken
from auth_flow.sealing._sealer import Sealer
from auth_flow.states._record import Record

DAY = 86400.0


def park(record: Record, sealer: Sealer, pool: UserPool, *, owner: str = "") -> str:
    """Seal a flow. The text opens for this pool, app client and owner only.

    `owner` is whom the flow belongs to, such as the id of a chat or of a browser's session: without
    it, whoever has the text can go on with the flow.
    """
    values = json.dumps(record.to_json(), ensure_ascii=False, separators=(",", ":"))
    return sealer.seal(values, *_purpose(pool, owner))


def resume(
    text: str, sealer: Sealer, pool: UserPool, *, owner: str = "", max_age: float = DAY
) -> Record:
    """Open what `park` has sealed at most `max_age` seconds ago. Raises `SealBroken`.

    That the time for a challenge is over is told later, by the flow, as `SessionExpired`. A flow
    that was signed in opens as idle: its session stays with who signed in, or in a store.
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
