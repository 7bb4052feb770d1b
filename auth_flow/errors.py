"""Everything that can go wrong, split by who can do something about it.

::

    AuthFlowError                     every error below has `name` and `retryable`
    ├── CallerError                   the caller asked for what cannot be; nothing was sent, nothing has changed
    │   ├── InvalidLine                 a line of the drive protocol that is no event and no call
    │   ├── EventNotAccepted            the state has no transition for this event
    │   ├── GuardRejected               the transition exists, and one of its guards says no
    │   ├── FlowBusy                    another event of the same flow is under way
    │   ├── NotSignedIn                 there is no session to do this with
    │   │   ├── NoSession                   nobody is signed in
    │   │   ├── SessionEnded                the session has ended; `reason` is why
    │   │   ├── NoRefreshToken              the access token has expired and cannot be refreshed
    │   │   └── NoIdToken                   the session has no id token
    │   ├── TransportClosed             the transport was closed before this request
    │   ├── SealBroken                  a text is not one that was sealed for this, or it is too old
    │   └── MissingExtra                an optional part of the library is not installed
    ├── InvalidToken                  a token is not the pool's, or not good (any more)
    ├── FateUnknown                   an event was sent, and its answer never came; it is not sent again
    ├── SessionExpired                the time for the challenge is over; the flow is idle again
    ├── ServiceError                  Cognito said no, in its own words; a class for each exception of its model
    │   ├── CredentialError             the user, the password, the code or the token is not (or no longer) good
    │   ├── AccountError                the account has to be brought in order first
    │   ├── RequestError                the request, or what it asks for, does not fit the pool
    │   ├── LambdaError                 a trigger of the pool said no, or failed
    │   ├── DeliveryError               a message could not be sent
    │   ├── ThrottlingError             too much, too often
    │   └── OutageError                 the service itself is in trouble
    ├── ResponseError                 Cognito answered, and the answer is of no use
    │   ├── UnknownChallenge            it asked for something the chart does not know
    │   └── MalformedResponse           it is not what the service model says
    ├── TransportError                no answer came
    │   ├── ConnectFailed               nothing was sent
    │   ├── TimedOut                    the time allowed is over
    │   └── ConnectionLost              the connection broke while the request was under way
    └── StoreError                    what keeps flows or sessions let us down
        ├── StoreConflict               the entry has moved on since it was read; nothing was written
        ├── StoreUnavailable            the store cannot be reached, or does not work
        └── ClaimExpired                an event took longer than the claim on its flow lasts

`retryable` tells whether the very same event or call may be fed again as it is. `name` is the
service's exception name where the service spoke, else that of the class here (`TransportError` for
its whole branch). Messages hold no secret: neither what the caller typed nor what the service
issued.

The exceptions are those of botocore's service model `cognito-idp/2016-04-18` for the operations
that need no AWS signature, and two that the service answers although the model lacks them:
`TokenRevokedException` and `ThrottlingException`.
"""

from __future__ import annotations

from typing import ClassVar


class AuthFlowError(Exception):
    """The root of all errors that this library raises on purpose."""

    retryable: bool = False
    """Whether the very same event or call may be fed again as it is."""
    retry_after: float = 0.0
    """Seconds that the service asked to wait before that (`Retry-After`); 0 where it asked for
    nothing.
    """

    def __reduce__(self) -> tuple[object, ...]:
        """Let errors travel between processes. Their constructors take other things than the
        message, which is in `args`.
        """
        return _revived, (type(self), self.args), self.__dict__

    @property
    def name(self) -> str:
        """The service's exception name where the service spoke, else the name of this class."""
        return type(self).__name__

    @property
    def message(self) -> str:
        """What happened, in a sentence that may be shown and logged."""
        return str(self)


def _revived(kind: type[AuthFlowError], args: tuple[object, ...]) -> AuthFlowError:
    return kind.__new__(kind, *args)


# Caller


class CallerError(AuthFlowError):
    """The caller asked for what cannot be. Nothing was sent, and nothing has changed."""


class InvalidLine(CallerError):
    """A line of the drive protocol is not JSON, names no event or call, or has a missing or wrong
    field.
    """


class EventNotAccepted(CallerError):
    """The state has no transition for this event.

    `state` is the name of the step, `event` that of the event, `accepts` are the events that would
    do.
    """

    def __init__(self, state: str, event: str, accepts: tuple[str, ...]) -> None:
        super().__init__(
            f"{state} does not take {event}"
            + (f"; it takes {', '.join(accepts)}." if accepts else ".")
        )
        self.state, self.event, self.accepts = state, event, accepts


class GuardRejected(CallerError):
    """The transition exists, and one of its guards says no. `guard` is the guard's name, `rule`
    what it demands.
    """

    def __init__(self, state: str, event: str, guard: str, rule: str) -> None:
        super().__init__(f"{state} refused {event}: {rule}")
        self.state, self.event, self.guard, self.rule = state, event, guard, rule


class FlowBusy(CallerError):
    """Another event of this flow is under way. A flow takes one event at a time; the second of two
    is not sent.
    """

    retryable = True


class NotSignedIn(CallerError):
    """There is no session to do this with. The subclasses say why."""

    @property
    def name(self) -> str:
        """`NotSignedIn` for all subclasses: in each case the user has to sign in again."""
        return NotSignedIn.__name__


class NoSession(NotSignedIn):
    """Nobody is signed in here, or the store has no session that can be read."""


class SessionEnded(NotSignedIn):
    """The session has ended.

    `reason` is the one that observers get in `SignedOut`: `signed_out`, `user_deleted`,
    `ended_elsewhere`, or the name of the service's exception.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The session has ended ({reason}). Sign in again.")
        self.reason = reason


class NoRefreshToken(NotSignedIn):
    """The session needs new tokens and has no refresh token. Sign in again."""


class NoIdToken(NotSignedIn):
    """The session has no id token, and an identity pool needs one."""


class TransportClosed(CallerError):
    """The transport was closed before this request. Nothing was sent."""

    def __init__(self) -> None:
        super().__init__(
            "The transport is closed. If this is the session of a flow that was closed, create the"
            " transport yourself, pass it to the flow as transport=…, and close it after the last"
            " request of the session."
        )


class SealBroken(CallerError):
    """A text is not one that was sealed for this purpose with one of these keys, or it is too old.
    It is not told which.
    """


class MissingExtra(CallerError):
    """An optional part of the library is not installed; the message says which extra brings it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part: pip install 'auth-flow[{extra}]'")
        self.extra = extra


# Service


class SessionExpired(AuthFlowError):
    """The time for answering the challenge is over, by this flow's clock or by the service's word.
    The flow is idle again.
    """


class OAuthError(AuthFlowError):
    """The hosted pages, or the token endpoint of the domain, answered with an OAuth error.

    `error` is the code of RFC 6749 or OpenID Connect, `description` the decoded text beside it
    (None if there was none). `trigger` names the pool's trigger that refused, if the description
    says so. `custom_state` is the caller's own state of this sign-in. The flow stays in its step:
    another `sign_in_with_redirect` gives a fresh URL, and a password sign-in may begin as well.
    """

    def __init__(self, error: str, description: str | None = None) -> None:
        hint = _OAUTH_HINTS.get((error, description)) or _OAUTH_HINTS.get((error, None))
        said = f"{error}: {description}" if description else error
        super().__init__(f"{said} ({hint})" if hint else said)
        self.error = error
        self.description = description
        self.custom_state: str | None = None

    @property
    def trigger(self) -> str | None:
        """The trigger that refused, such as `PreSignUp`; None if the description names none."""
        name, found, _ = (self.description or "").partition(" failed with error ")
        return name if found and name.isidentifier() else None


_OAUTH_HINTS: dict[tuple[str, str | None], str] = {
    ("access_denied", None): "the person declined",
    ("login_required", None): "nobody is signed in there, and prompt=none allows no page",
    ("invalid_scope", None): "a scope is not allowed to this app client",
    ("unauthorized_client", None): "the app client does not allow this flow",
    ("unauthorized_client", "invalid_redirect"): "redirect_uri differs from the authorize request",
    ("invalid_grant", None): "the code is unknown, used or older than five minutes",
    ("invalid_client", None): "client id and client secret do not belong together",
}


class RedirectDenied(OAuthError):
    """The person, or the identity provider, declined (`access_denied`)."""


class RedirectRefused(OAuthError):
    """The hosted pages sent the browser back with another error than a denial.

    Failures of an identity provider and refusals of a trigger arrive as `invalid_request`.
    """


class TokenRequestRefused(OAuthError):
    """The token endpoint refused the code or the refresh token."""


class RedirectAlreadyUsed(CallerError):
    """The code of this return was sent to the token endpoint before; a code is good for one use."""


class FateUnknown(AuthFlowError):
    """An event was sent, and its answer never came: the connection broke, or the worker died. The
    service may have carried it out, so it is not sent again. The step stays.

    `event` is the name of that event, `at` the time at which it was sent, in seconds since the
    epoch. The person can sign in again. After a sign-up, a confirmation or a reset, the flow can
    also go on as if the event had been carried out, or ask for another code.
    """

    def __init__(self, event: str, at: float) -> None:
        super().__init__(
            f"The answer to {event} never came, and it may have been carried out: it is not sent again."
        )
        self.event, self.at = event, at


class InvalidToken(AuthFlowError):
    """A token was not accepted.

    `reason` names the check that failed: `malformed`, `signature`, `issuer`, `use`, `client`,
    `audience`, `group`, `scope`, `expired` or `not_yet_valid`.
    """

    def __init__(self, message: str, reason: str = "malformed") -> None:
        super().__init__(message)
        self.reason = reason


class ServiceError(AuthFlowError):
    """Cognito refused the request. `ServiceError` itself stands for a name that the service model
    does not have.

    `operation` is the request's, `status` the HTTP status, `request_id` AWS's id of the request
    (None where the answer had none).
    """

    _by_name: ClassVar[dict[str, type[ServiceError]]] = {}

    def __init__(
        self,
        message: str,
        *,
        name: str | None = None,
        operation: str,
        status: int = 400,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self._name = name or type(self).__name__
        self.operation, self.status, self.request_id = operation, status, request_id

    def __init_subclass__(cls) -> None:
        ServiceError._by_name[cls.__name__] = cls

    @property
    def name(self) -> str:
        """The service's exception name."""
        return self._name

    @staticmethod
    def of(
        name: str, message: str, *, operation: str, status: int, request_id: str | None = None
    ) -> ServiceError:
        """The error for an exception name: its own class where the model has it, else by the HTTP
        status.
        """
        fallback = (
            OutageError if status >= 500 else ThrottlingError if status == 429 else ServiceError
        )
        kind = ServiceError._by_name.get(name, fallback)
        return kind(message, name=name, operation=operation, status=status, request_id=request_id)


class CredentialError(ServiceError):
    """The user, the password, the code or the token is not, or no longer, good."""


class NotAuthorizedException(CredentialError): ...


class UserNotFoundException(CredentialError): ...


class CodeMismatchException(CredentialError): ...


class ExpiredCodeException(CredentialError): ...


class EnableSoftwareTokenMFAException(CredentialError): ...


class InvalidPasswordException(CredentialError): ...


class PasswordHistoryPolicyViolationException(CredentialError): ...


class RefreshTokenReuseException(CredentialError): ...


class TokenRevokedException(CredentialError): ...


class UnauthorizedException(CredentialError): ...


class AccountError(ServiceError):
    """The account has to be brought in order first: confirmed, reset, or told apart from another
    one.
    """


class UserNotConfirmedException(AccountError): ...


class PasswordResetRequiredException(AccountError): ...


class UsernameExistsException(AccountError): ...


class AliasExistsException(AccountError): ...


class MFAMethodNotFoundException(AccountError): ...


class SoftwareTokenMFANotFoundException(AccountError): ...


class DeviceKeyExistsException(AccountError): ...


class RequestError(ServiceError):
    """The request, or what it asks for, does not fit the pool or its app client."""


class InvalidParameterException(RequestError): ...


class ResourceNotFoundException(RequestError): ...


class ForbiddenException(RequestError): ...


class InvalidUserPoolConfigurationException(RequestError): ...


class UnsupportedOperationException(RequestError): ...


class UnsupportedTokenTypeException(RequestError): ...


class OperationNotEnabledException(RequestError): ...


class FeatureUnavailableInTierException(RequestError): ...


class UserPoolAddOnNotEnabledException(RequestError): ...


class WebAuthnChallengeNotFoundException(RequestError): ...


class WebAuthnClientMismatchException(RequestError): ...


class WebAuthnConfigurationMissingException(RequestError): ...


class WebAuthnCredentialNotSupportedException(RequestError): ...


class WebAuthnNotEnabledException(RequestError): ...


class WebAuthnOriginNotAllowedException(RequestError): ...


class WebAuthnRelyingPartyMismatchException(RequestError): ...


class LambdaError(ServiceError):
    """A trigger of the pool said no, or failed."""


class UserLambdaValidationException(LambdaError): ...


class UnexpectedLambdaException(LambdaError): ...


class InvalidLambdaResponseException(LambdaError): ...


class DeliveryError(ServiceError):
    """A message with a code could not be sent."""


class CodeDeliveryFailureException(DeliveryError): ...


class InvalidSmsRoleAccessPolicyException(DeliveryError): ...


class InvalidSmsRoleTrustRelationshipException(DeliveryError): ...


class InvalidEmailRoleAccessPolicyException(DeliveryError): ...


class ThrottlingError(ServiceError):
    """Too much, too often. The same thing may be asked again later."""

    retryable = True


class TooManyRequestsException(ThrottlingError): ...


class ThrottlingException(ThrottlingError): ...


class LimitExceededException(ThrottlingError): ...


class TooManyFailedAttemptsException(ThrottlingError): ...


class OutageError(ServiceError):
    """The service itself is in trouble. The same thing may be asked again later."""

    retryable = True


class InternalErrorException(OutageError): ...


class ConcurrentModificationException(OutageError): ...


# Response


class ResponseError(AuthFlowError):
    """Cognito answered, and the answer is of no use."""


class UnknownChallenge(ResponseError):
    """The service asked for something the chart does not know. `challenge` is its name; the flow
    stands where it stood.
    """

    def __init__(self, challenge: str) -> None:
        super().__init__(f"Cognito asked for {challenge}, which this version does not know.")
        self.challenge = challenge


class MalformedResponse(ResponseError):
    """An answer is not what the service model says: no JSON, too large, a member missing or of
    another type.

    `operation` is the request's, `status` the HTTP status and `request_id` AWS's id where there is
    one.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int | None = None,
        request_id: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(f"{operation}: {message}")
        self.operation, self.status, self.request_id, self.retryable = (
            operation,
            status,
            request_id,
            retryable,
        )


# Transport


class TransportError(AuthFlowError):
    """No answer came. `operation` is the request's; `retryable` is false where the request's fate
    is unknown and it matters.
    """

    def __init__(self, message: str, *, operation: str, retryable: bool = False) -> None:
        super().__init__(f"{operation}: {message}")
        self.operation, self.retryable = operation, retryable

    @property
    def name(self) -> str:
        """`TransportError` for the whole branch: what failed on the way matters less than whether
        to try again.
        """
        return TransportError.__name__


class ConnectFailed(TransportError):
    """No connection could be made; nothing was sent."""


class TimedOut(TransportError):
    """The time allowed for connecting, sending, reading or the whole request is over."""


class ConnectionLost(TransportError):
    """The connection broke after the request had begun to be sent."""


# Store


class StoreError(AuthFlowError):
    """What keeps flows or sessions let us down."""


class StoreConflict(StoreError):
    """The entry has moved on since it was read, by another task or process. Nothing was written:
    load it, and decide anew.
    """

    def __init__(self) -> None:
        super().__init__("The entry has moved on since it was read.")


class StoreUnavailable(StoreError):
    """The store cannot be reached, or does not work. What was to be written may or may not have
    been.
    """

    retryable = True


class ClaimExpired(StoreError):
    """An event took longer than the claim on its flow lasts, and was given up: another worker may
    have the flow by now.
    """
