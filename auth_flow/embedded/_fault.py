"""What the service refuses, in the words it uses for it."""

from __future__ import annotations


class Fault(Exception):
    """A refusal: an exception name of Cognito's service model, a message that may be shown, and the
    HTTP status.
    """

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


def not_authorized(message: str = "Incorrect username or password.") -> Fault:
    """The default wording is the one that also protects the existence of users."""
    return Fault("NotAuthorizedException", message)


def invalid_parameter(message: str) -> Fault:
    """The request does not fit the pool, the client or the service model."""
    return Fault("InvalidParameterException", message)


def does_not_conform(name: str, reason: str) -> Fault:
    """An attribute does not fit the pool's schema."""
    return invalid_parameter(f"Attributes did not conform to the schema: {name}: {reason}\n")


def missing_parameter(name: str) -> Fault:
    """A member of AuthParameters or ChallengeResponses is not there."""
    return invalid_parameter(f"Missing required parameter {name}")


def not_found(message: str) -> Fault:
    """A pool, a client or a device is not there."""
    return Fault("ResourceNotFoundException", message)


def user_not_found(message: str = "User does not exist.") -> Fault:
    """Said only by clients that do not protect the existence of users, and to administrators."""
    return Fault("UserNotFoundException", message)


def invalid_session() -> Fault:
    """The session is unknown, used up, expired, or belongs to another challenge or client."""
    return not_authorized("Invalid session for the user.")


def unknown_to_client() -> Fault:
    """As `user_not_found`, in the words of sign-up and recovery."""
    return user_not_found("Username/client id combination not found.")


def code_mismatch(message: str = "Invalid verification code provided, please try again.") -> Fault:
    """A code that was sent or generated is not the one given."""
    return Fault("CodeMismatchException", message)


def expired_code() -> Fault:
    """The code is too old, was replaced, or never was."""
    return Fault("ExpiredCodeException", "Invalid code provided, please request a code again.")


def limit_exceeded() -> Fault:
    """Too many messages or too many wrong codes; time heals it."""
    return Fault("LimitExceededException", "Attempt limit exceeded, please try after some time.")
