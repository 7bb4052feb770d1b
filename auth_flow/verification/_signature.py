"""The signature of a token, and the header that says how it was made."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, cast

from auth_flow.errors import InvalidToken

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

ALGORITHM = "RS256"
"""The only one that Cognito uses. The header of a token does not get to choose."""

MAX_LENGTH = 1 << 16
"""Characters. No request header of a real token is that long."""


def key_id_of(token: str) -> str:
    """Return the key id that a token's header names.

    Raises `InvalidToken` if the text is not a token, if it is not signed with RS256, or if its
    header demands an extension (`crit`): none is supported.
    """
    header = _header(token)
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM:
        raise InvalidToken(f"The token is not signed with {ALGORITHM}.", "signature")
    if not isinstance(key_id, str) or {"crit", "b64"} & header.keys():
        raise InvalidToken("The header of the token cannot be used.")
    return key_id


def check_signature(token: str, key: RSAKey) -> None:
    """Raise `InvalidToken` unless the token is signed with this key."""
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
    except (JoseError, TypeError, ValueError):
        raise InvalidToken("The signature of the token is wrong.", "signature") from None


def _header(token: str) -> dict[str, object]:
    parts = token.split(".") if len(token) <= MAX_LENGTH else ()
    if len(parts) == 3:
        try:
            header = json.loads(
                base64.b64decode(
                    parts[0].encode("ascii") + b"=" * (-len(parts[0]) % 4),
                    altchars=b"-_",
                    validate=True,
                )
            )
        except (ValueError, RecursionError):
            header = None
        if isinstance(header, dict):
            return cast("dict[str, object]", header)
    raise InvalidToken("The text is not a signed token.")
