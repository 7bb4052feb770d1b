"""How requests are put together. Members and their names are those of the service model; an absent
member is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from auth_flow.errors import NotAuthorizedException
from auth_flow.states._app_client import AppClient
from auth_flow.states._base import Metadata
from auth_flow.states._effects import Call


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of one event: they share the app client, the event's metadata and what the
    caller tells about the device.
    """

    pool: AppClient
    metadata: Metadata | None = None
    context: Mapping[str, str] | None = None
    """`UserContextData`: `EncodedData` and `IpAddress` for the service's threat protection."""

    def initiate(
        self, flow: str, session: SecretStr | None = None, /, **parameters: str | None
    ) -> Call:
        """InitiateAuth. `parameters` become AuthParameters, `USERNAME` among them."""
        return self._signed(
            "InitiateAuth", "AuthParameters", parameters, AuthFlow=flow, Session=_text(session)
        )

    def respond(
        self, challenge: str, session: SecretStr | None, /, **responses: str | None
    ) -> Call:
        """RespondToAuthChallenge. `responses` become ChallengeResponses, `USERNAME` among them."""
        operation = "RespondToAuthChallenge"
        return self._signed(
            operation,
            "ChallengeResponses",
            responses,
            ChallengeName=challenge,
            Session=_text(session),
        )

    def account(self, operation: str, username: str, **members: Any) -> Call:
        """One of the operations on an account that is not signed in: SignUp, ForgotPassword and
        their kin.
        """
        body = {"Username": username, "SecretHash": self.pool.secret_hash(username), **members}
        return Call(operation, present({**body, **self._common()}))

    def software_token(
        self, operation: str, session: SecretStr | None, **members: str | None
    ) -> Call:
        """AssociateSoftwareToken or VerifySoftwareToken during a sign-in; they know the client by
        the session.
        """
        return Call(operation, present({"Session": _text(session), **members}))

    def _signed(
        self, operation: str, where: str, given: dict[str, str | None], **members: Any
    ) -> Call:
        # The hash has to match the USERNAME of this very request, which is not always what the
        # person typed.
        parameters = present(
            {**given, "SECRET_HASH": self.pool.secret_hash(given["USERNAME"] or "")}
        )
        return Call(operation, present({**members, where: parameters, **self._common()}))

    def _common(self) -> dict[str, Any]:
        return {
            "ClientId": self.pool.client_id,
            "ClientMetadata": self.metadata,
            "UserContextData": self.context,
        }


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return attributes, or validation data, as Cognito takes them."""
    return [{"Name": name, "Value": value} for name, value in values.items()]


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are there: an absent one is left out of a request."""
    return {name: value for name, value in members.items() if value is not None}


def session_is_over(error: NotAuthorizedException) -> bool:
    """Whether it is the session that was refused. The service has one name for that and for a wrong
    answer; its words differ.
    """
    return "session" in error.message.casefold()


def _text(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
