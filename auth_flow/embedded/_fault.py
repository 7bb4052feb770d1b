"""The errors of the service, in its own words."""

from __future__ import annotations


class Fault(Exception):
    """An error: a name of Cognito's service model, a message that may be shown, and the HTTP
    status.
    """

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.status = status


def not_authorized(message: str = "Incorrect username or password.") -> Fault:
    """Return NotAuthorizedException. The default message does not reveal that a user exists."""
    return Fault("NotAuthorizedException", message)


def invalid_parameter(message: str) -> Fault:
    """Return the error of a request that does not fit the pool, the client or the service model."""
    return Fault("InvalidParameterException", message)


def does_not_conform(name: str, reason: str) -> Fault:
    """Return the error of an attribute that does not fit the pool's schema."""
    return invalid_parameter(f"Attributes did not conform to the schema: {name}: {reason}\n")


def missing_parameter(name: str) -> Fault:
    """Return the error of a missing member of AuthParameters or ChallengeResponses."""
    return invalid_parameter(f"Missing required parameter {name}")


def not_found(message: str) -> Fault:
    """Return the error of a pool, client or device that does not exist."""
    return Fault("ResourceNotFoundException", message)


def user_not_found(message: str = "User does not exist.") -> Fault:
    """Return the error for administrators, and for clients that may reveal that users exist."""
    return Fault("UserNotFoundException", message)


def invalid_session() -> Fault:
    """Return the error of a session that is unknown or used, or is another challenge's."""
    return not_authorized("Invalid session for the user.")


def unknown_to_client() -> Fault:
    """Return the same as `user_not_found`, in the words of sign-up and recovery."""
    return user_not_found("Username/client id combination not found.")


def code_mismatch(message: str = "Invalid verification code provided, please try again.") -> Fault:
    """Return the error of a wrong code."""
    return Fault("CodeMismatchException", message)


def expired_code(
    message: str = "Invalid code provided, please request a code again.",
) -> Fault:
    """Return the error of a code that is too old, was replaced or used, or does not exist."""
    return Fault("ExpiredCodeException", message)


def limit_exceeded() -> Fault:
    """Return the error of too many messages or codes, which ends with time."""
    return Fault("LimitExceededException", "Attempt limit exceeded, please try after some time.")
