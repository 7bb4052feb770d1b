"""Refusals of an access token: the reason to refresh it before it expires."""

from __future__ import annotations

from auth_flow.errors import AuthFlowError, NotAuthorizedException
from auth_flow.session._renewal import VERDICTS


def refuses_access_token(error: AuthFlowError, operation: str) -> bool:
    """Return whether an operation may have failed because the access token is no longer good.

    That is the case after a sign-out elsewhere, if the user was disabled, deleted or is to be
    reset, and if this machine's clock was wrong. The service has the same exception for a wrong
    password in ChangePassword, for an attribute that the app client may not write, and for a scope
    that the token lacks. A new token does not help there.
    """
    if not isinstance(error, VERDICTS):
        return False
    if not isinstance(error, NotAuthorizedException):
        return True
    message = error.message.casefold()
    if "scope" in message or "attribute" in message:
        return False
    return operation != "ChangePassword" or "token" in message or "disabled" in message


def is_revoked(error: AuthFlowError) -> bool:
    """Return whether the token was revoked, by a sign-out elsewhere or by an administrator. Its
    refresh token usually was as well.
    """
    return isinstance(error, NotAuthorizedException) and "revoked" in error.message.casefold()


def ends_session(error: AuthFlowError) -> bool:
    """Return whether a refusal is reason enough to end a session that cannot be refreshed."""
    if not isinstance(error, NotAuthorizedException):
        return isinstance(error, VERDICTS)
    message = error.message.casefold()
    return "token" in message or "disabled" in message


def refuses_id_token(error: NotAuthorizedException) -> bool:
    """Return whether an identity pool refused the id token of the user."""
    return "token" in error.message.casefold()
