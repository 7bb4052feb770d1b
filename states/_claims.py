"""The claims of access and id tokens. They are read leniently: triggers may change most of them."""

from __future__ import annotations

import base64
import json
import math
from typing import Annotated, Any, TypeAlias, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from auth_flow.errors import MalformedResponse
from auth_flow.states._base import Secret, reveal

LAST_DATE = 253_402_300_799.0
"""The last second of the year 9999, which is the last one that `datetime` knows."""

_MOST_DIGITS = 400
"""Python converts no text of thousands of digits to `int`. As a `float` the number is infinite."""


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no store and no request can carry
        return None
    return value


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return ()
    return tuple(text for text in map(_text, cast("list[object]", value)) if text is not None)


def numeric_date(value: object) -> float | None:
    """Return a `NumericDate` of RFC 7519, limited to the dates that `datetime` can represent."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    date = float(min(max(value, 0), LAST_DATE))  # also of an integer that has no float
    return None if math.isnan(date) else date


_Text: TypeAlias = Annotated[str | None, BeforeValidator(_text)]
_Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_texts)]
_NumericDate: TypeAlias = Annotated[float | None, BeforeValidator(numeric_date)]


class Claims(BaseModel):
    """The claims of an access or id token. Further claims are in `claims.model_extra`.

    Times are seconds since the epoch and may have a fraction. If a claim has another type than
    Cognito gives it, it counts as absent; only `sub` is required. Reading proves nothing: use
    `TokenVerifier` for a token that comes from another party.
    """

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    subject: Annotated[str, BeforeValidator(_text)] = Field(alias="sub")
    username: _Text = None
    cognito_username: _Text = Field(None, alias="cognito:username")
    issuer: _Text = Field(None, alias="iss")
    client_id: _Text = None
    """The app client, in an access token."""
    audience: _Texts = Field((), alias="aud")
    """The app client in an id token; in an access token the `resource` of the sign-in, if any."""
    issued_at: _NumericDate = Field(None, alias="iat")
    expires_at: _NumericDate = Field(None, alias="exp")
    not_before: _NumericDate = Field(None, alias="nbf")
    auth_time: _NumericDate = None
    """When the user signed in."""
    token_use: _Text = None
    """`access` or `id`."""
    scope: Annotated[str, BeforeValidator(lambda value: _text(value) or "")] = ""
    groups: _Texts = Field((), alias="cognito:groups")
    """The user's groups, the one with the highest precedence first."""
    acr: _Text = None
    """The strength of the authentication (Authentication Context Class Reference)."""
    amr: _Texts = ()
    """The methods of the authentication (Authentication Methods References)."""
    origin_jti: _Text = None
    device_key: _Text = None
    """The device that an access token was issued to, if the pool tracks devices."""

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of an access token."""
        return frozenset(self.scope.split())

    @classmethod
    def of(cls, token: Secret, operation: str) -> Claims:
        """Read the claims of a JWT, without verifying it.

        Raises `MalformedResponse` if the text is not a JWT with a subject. The error names
        `operation` and does not show the token.
        """
        try:
            return cls.model_validate(_payload(reveal(token)))
        except (IndexError, ValueError, RecursionError):  # ValidationError is a ValueError
            pass
        raise MalformedResponse("a token is not a JWT with a subject", operation=operation)


def _payload(token: str) -> Any:
    part = token.split(".")[1]
    return _JSON.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


_JSON = json.JSONDecoder(parse_int=_number)  # json.loads would make a new one for each token
