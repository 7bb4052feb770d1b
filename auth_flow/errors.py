"""The errors of this library, grouped by the party that can act on them.

::

    AuthFlowError                     the root; every error has `name` and `retryable`
    ├── CallerError                   the call was wrong; nothing was sent or changed
    │   ├── EventNotAccepted            the current step does not accept the event
    │   │   └── AlreadyDone               the flow has ended, and the event came too late or twice
    │   ├── GuardRejected               the step accepts the event, but a guard refused it
    │   ├── FlowBusy                    the flow is still handling another event
    │   ├── FlowTooLarge                the parked flow is longer than the limit
    │   ├── FlowMovedOn                 the form is not that of the current step
    │   ├── NotSignedIn                 the call needs a session
    │   │   ├── NoSession                   no user is signed in
    │   │   ├── SessionEnded                the session has ended, for `reason`
    │   │   ├── NoRefreshToken              the access token has expired and cannot be refreshed
    │   │   └── NoIdToken                   the session has no id token
    │   ├── TransportClosed             the transport was closed before this request
    │   ├── WrongEventLoop              the caller's client belongs to another event loop or process
    │   ├── InvalidRequest              HTTP does not allow a header or the operation's name
    │   ├── RedirectAlreadyUsed         the code of this redirect was sent before
    │   ├── SealBroken                  a sealed text is invalid or too old
    │   └── MissingExtra                an optional dependency is not installed
    ├── InvalidToken                  a token was not accepted; `reason` names the check
    ├── PasskeyError                  an authenticator gave no passkey, for `reason`
    │   └── PasskeyCancelled            the person declined, or did not act in time
    ├── FateUnknown                   an event was sent, and its outcome is unknown
    ├── SessionExpired                no answer is accepted any more; the flow is idle again
    ├── OAuthError                    the hosted pages or the token endpoint returned an OAuth error
    │   ├── RedirectDenied              the user, or the identity provider, declined
    │   ├── RedirectRefused             the hosted pages returned another error
    │   └── TokenRequestRefused         the token endpoint refused the code or the refresh token
    ├── ServiceError                  Cognito refused the request; one class for each exception
    │   ├── CredentialError             a user name, password, code or token is wrong or expired
    │   │   └── MissingScope                the access token of a redirect sign-in lacks a scope
    │   ├── AccountError                the account needs attention first
    │   ├── RequestError                the pool or the app client does not allow the request
    │   ├── LambdaError                 a trigger of the pool refused or failed
    │   ├── DeliveryError               a message with a code could not be sent
    │   ├── ThrottlingError             too many requests or attempts
    │   └── OutageError                 the service failed
    ├── ResponseError                 Cognito's reply cannot be used
    │   ├── UnknownChallenge            the reply poses a challenge that this version does not know
    │   ├── DeviceNotRemembered         the reply asks for a device whose secret is not kept here
    │   ├── UnexpectedStep              the reply poses a challenge that cannot come next
    │   └── MalformedResponse           the reply does not match the service model
    ├── TransportError                there was no reply
    │   ├── ConnectFailed               no connection; nothing was sent
    │   ├── TimedOut                    a time limit was exceeded
    │   └── ConnectionLost              the connection broke during the request
    └── StoreError                    the store of flows or sessions failed
        ├── StoreConflict               the entry has changed since it was read; nothing was written
        ├── StoreUnavailable            the store cannot be reached or does not work
        │   └── KeyringUnavailable      the system's keyring does not give the store its key
        └── ClaimExpired                another worker has taken the flow; this one was too slow

If `retryable` is true, the same event or call may be sent again unchanged. `name` is the service's
exception name if the service refused the request, otherwise the name of the class (`TransportError`
for its whole branch). Messages never contain a secret.

The subclasses of `ServiceError` are the exceptions of botocore's service model
`cognito-idp/2016-04-18` for the operations without an AWS signature, and two that the service
returns although the model lacks them: `TokenRevokedException` and `ThrottlingException`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from auth_flow.states.forms import Problem


class AuthFlowError(Exception):
    """The root of all errors that this library raises deliberately."""

    retryable: bool = False
    """True if the same event or call may be sent again unchanged."""
    retry_after: float = 0.0
    """Seconds to wait before the next attempt, if the service asked for it (`Retry-After`); else
    0.
    """

    def __reduce__(self) -> tuple[object, ...]:
        """Make errors picklable, although their constructors take more than the message in
        `args`.
        """
        return _revived, (type(self), self.args), self.__dict__

    @property
    def name(self) -> str:
        """The service's exception name if it refused the request, else the name of the class."""
        return type(self).__name__

    @property
    def message(self) -> str:
        """A sentence about the problem, without secrets: it may be shown and logged."""
        return str(self)


def _revived(kind: type[AuthFlowError], args: tuple[object, ...]) -> AuthFlowError:
    return kind.__new__(kind, *args)


# Caller


class CallerError(AuthFlowError):
    """The call was wrong. Nothing was sent, and nothing has changed."""


class EventNotAccepted(CallerError):
    """The current step does not accept this event.

    `state` is the name of the step, `event` the name of the event, and `accepts` lists the events
    that the step accepts.
    """

    def __init__(self, state: str, event: str, accepts: tuple[str, ...]) -> None:
        super().__init__(
            f"{state} does not accept {event}"
            + (f"; it accepts {', '.join(accepts)}." if accepts else ".")
        )
        self.state = state
        self.event = event
        self.accepts = accepts


class AlreadyDone(EventNotAccepted):
    """The flow has ended, and the event belongs to it: it came a second time, or too late."""

    def __init__(self, state: str, event: str, accepts: tuple[str, ...]) -> None:
        super().__init__(state, event, accepts)
        self.args = (f"The flow is already done, so {event} was not sent.",)


class GuardRejected(CallerError):
    """The step accepts the event, but a guard refused its content or its timing; or a form was not
    filled in correctly.

    `guard` is the name of the guard, and `rule` the condition that is not met, in a sentence that
    can be shown to a person. If `AuthFlow.fill` raises it, `problems` has the problem of each field
    that is at fault, by its name; a problem that concerns no single field has the name "".
    """

    def __init__(
        self,
        state: str,
        event: str,
        guard: str,
        rule: str,
        *,
        problems: Mapping[str, Problem] | None = None,
    ) -> None:
        super().__init__(rule if problems else f"{state} refused {event}: {rule}")
        self.state = state
        self.event = event
        self.guard = guard
        self.rule = rule
        self.problems: Mapping[str, Problem] = problems or {}

    @property
    def code(self) -> str:
        """The stable code of the refusal: that of the first problem, or the name of the guard."""
        return next((problem.code for problem in self.problems.values()), self.guard)


class FlowBusy(CallerError):
    """The flow is still handling another event. A flow handles one event at a time, so this one was
    not sent.
    """

    retryable = True


class FlowTooLarge(CallerError):
    """The parked flow is longer than the limit that was given, for a cookie for example. Keep it in
    a store instead. `size` and `limit` are numbers of characters.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The parked flow has {size} characters, and the limit is {limit}. Keep it in a store."
        )
        self.size = size
        self.limit = limit


class FlowMovedOn(CallerError):
    """The flow has moved on since the form was shown, in another tab for example. Nothing was sent:
    show the current step.
    """

    def __init__(self) -> None:
        super().__init__("The flow has moved on since this form was shown. Show the current step.")


class NotSignedIn(CallerError):
    """The call needs a session. The subclass is the reason why there is none."""

    @property
    def name(self) -> str:
        """`NotSignedIn` for all subclasses: in each case the user has to sign in again."""
        return NotSignedIn.__name__


class NoSession(NotSignedIn):
    """No user is signed in, or the store holds no readable session."""


class SessionEnded(NotSignedIn):
    """The session has ended.

    `reason` is the same as in the notice `SignedOut`: `signed_out`, `user_deleted`,
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


class WrongEventLoop(CallerError):
    """An object that the caller opened belongs to another event loop or process. Nothing was sent.

    The library opens its own connections anew in each event loop and each forked process. It cannot
    do that for a client that it was given.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} was first used in another event loop or process, and works only there. Create"
            " it anew in this one, or pass none: the library then opens its own connections."
        )


class InvalidRequest(CallerError):
    """HTTP does not allow a header or the operation's name. Nothing was sent."""


class SealBroken(CallerError):
    """A text was not sealed for this purpose with one of these keys, or it is too old.

    The error does not distinguish these causes, because the difference would help an attacker.
    """


class MissingExtra(CallerError):
    """An optional dependency is not installed. `extra` is the extra that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency: pip install 'auth-flow[{extra}]'")
        self.extra = extra


# Passkeys


class PasskeyError(AuthFlowError):
    """An authenticator gave no passkey. Nothing was sent, and a sign-in stays in its step.

    `reason` is the name of the `DOMException` that a browser raises in this case:

    - `SecurityError`: the page's origin does not belong to the relying party id;
    - `InvalidStateError`: the authenticator already has a passkey of this user;
    - `ConstraintError`: it cannot verify the user, or cannot store a passkey;
    - `NotSupportedError`: it has none of the algorithms that the pool accepts;
    - `NotAllowedError`: the person declined, or it has no passkey of this user;
    - `NotFoundError`, `NotReadableError`, `UnknownError`: there is no authenticator, or it failed.
    """

    def __init__(self, message: str, *, reason: str = "NotAllowedError") -> None:
        super().__init__(message)
        self.reason = reason


class PasskeyCancelled(PasskeyError):
    """The person declined, or did not act in time. Offer the passkey again, or another way."""


# Service


class SessionExpired(AuthFlowError):
    """The service takes no answer to this challenge any more. The flow is idle again.

    `timed_out` is True if the time for answering is over by the flow's clock. Otherwise the service
    ended the sign-in earlier, as it does after too many wrong answers.
    """

    def __init__(
        self,
        message: str = "The time for answering is over; sign in again.",
        *,
        timed_out: bool = True,
    ) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class OAuthError(AuthFlowError):
    """The hosted pages or the token endpoint returned an OAuth error.

    `error` is the code of RFC 6749 or OpenID Connect, `description` the decoded text beside it
    (None if there was none). `trigger` names the pool's trigger that refused, if the description
    says so. `custom_state` is the caller's own state of this sign-in. The flow stays in its step:
    another `sign_in_with_redirect` gives a fresh URL, and a password sign-in may begin as well.
    """

    def __init__(self, error: str, description: str | None = None) -> None:
        hint = _OAUTH_HINTS.get((error, description)) or _OAUTH_HINTS.get((error, None))
        message = f"{error}: {description}" if description else error
        super().__init__(f"{message} ({hint})" if hint else message)
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
    """The user, or the identity provider, declined (`access_denied`)."""


class RedirectRefused(OAuthError):
    """The hosted pages returned an error other than a denial.

    Failures of an identity provider and refusals of a trigger arrive as `invalid_request`.
    """


class TokenRequestRefused(OAuthError):
    """The token endpoint refused the code or the refresh token."""


class RedirectAlreadyUsed(CallerError):
    """The code of this redirect was sent to the token endpoint before; a code works only once."""


class FateUnknown(AuthFlowError):
    """The outcome of an event is unknown, because the connection broke or the worker died. The
    service may have carried it out, so it is not sent again. The flow stays in its step.

    `event` is the name of that event, and `at` the time at which it was sent, in seconds since the
    epoch. The user can sign in again. After a sign-up, a confirmation or a reset, the flow can
    also go on as if the event had been carried out, or ask for another code.
    """

    def __init__(self, event: str, at: float) -> None:
        super().__init__(
            f"There was no reply to {event}. It may have been carried out, so it is not sent again."
        )
        self.event = event
        self.at = at


class InvalidToken(AuthFlowError):
    """A token was not accepted.

    `reason` names the check that failed: `malformed`, `signature`, `issuer`, `use`, `client`,
    `audience`, `group`, `scope`, `expired` or `not_yet_valid`.
    """

    def __init__(self, message: str, reason: str = "malformed") -> None:
        super().__init__(message)
        self.reason = reason


class ServiceError(AuthFlowError):
    """Cognito refused the request. `ServiceError` itself is raised for an exception that the
    service model does not have.

    `operation` is the name of the operation, `status` the HTTP status, and `request_id` AWS's id
    of the request (None if the reply had none).
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
        self.operation = operation
        self.status = status
        self.request_id = request_id

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
        """Make the error for an exception name: of the class of that name if there is one,
        otherwise of a class chosen by the HTTP status.
        """
        fallback = (
            OutageError if status >= 500 else ThrottlingError if status == 429 else ServiceError
        )
        kind = ServiceError._by_name.get(name, fallback)
        return kind(message, name=name, operation=operation, status=status, request_id=request_id)


class CredentialError(ServiceError):
    """A user name, password, code or token is wrong or has expired."""


class NotAuthorizedException(CredentialError): ...


class MissingScope(NotAuthorizedException):
    """The access token of a redirect sign-in lacks a scope; `scope` is its name.

    Ask for it at `sign_in_with_redirect`. `name` is "NotAuthorizedException".
    """

    def __init__(self, scope: str, operation: str) -> None:
        message = f"{operation} needs the scope {scope}, which this sign-in did not ask for."
        super().__init__(message, name="NotAuthorizedException", operation=operation)
        self.scope = scope


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
    """The account needs attention first: a confirmation, a password reset, or another name."""


class UserNotConfirmedException(AccountError): ...


class PasswordResetRequiredException(AccountError): ...


class UsernameExistsException(AccountError): ...


class AliasExistsException(AccountError): ...


class MFAMethodNotFoundException(AccountError): ...


class SoftwareTokenMFANotFoundException(AccountError): ...


class DeviceKeyExistsException(AccountError): ...


class RequestError(ServiceError):
    """The pool or the app client does not allow the request, or the request is invalid."""


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
    """A trigger of the pool refused the request or failed."""


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
    """There were too many requests or attempts. The same request may be made again later."""

    retryable = True


class TooManyRequestsException(ThrottlingError): ...


class ThrottlingException(ThrottlingError): ...


class LimitExceededException(ThrottlingError): ...


class TooManyFailedAttemptsException(ThrottlingError): ...


class OutageError(ServiceError):
    """The service failed. The same request may be made again later."""

    retryable = True


class InternalErrorException(OutageError): ...


class ConcurrentModificationException(OutageError): ...


# Response


class ResponseError(AuthFlowError):
    """Cognito's reply cannot be used."""


class UnknownChallenge(ResponseError):
    """The reply poses a challenge that this version does not know. The flow stays in its step.

    `challenge` is Cognito's name of it.
    """

    def __init__(self, challenge: str) -> None:
        super().__init__(f"Cognito asked for {challenge}, which this version does not know.")
        self.challenge = challenge


class DeviceNotRemembered(ResponseError):
    """The service asks for the proof of a remembered device, and its secret is not kept here. The
    flow is IDLE.

    `challenge` is Cognito's name of what it asks for.
    """

    def __init__(self, challenge: str) -> None:
        super().__init__(
            f"Cognito asked for {challenge}, but no secret of such a device is kept here."
            " Sign in again."
        )
        self.challenge = challenge


class UnexpectedStep(ResponseError):
    """The reply leads to a step that the chart does not lead to. The flow stays in its step.

    `source` is the state that the flow was in, and `target` the name of the step.
    """

    def __init__(self, source: str, target: str) -> None:
        super().__init__(
            f"Cognito's reply leads from {source} to {target}, which cannot come next."
        )
        self.source = source
        self.target = target


class MalformedResponse(ResponseError):
    """A reply does not match the service model: it is not JSON, too large, or a member is missing
    or of another type.

    `operation` is the name of the operation, `status` the HTTP status, and `request_id` AWS's id
    of the request (None if the reply had none).
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
        self.operation = operation
        self.status = status
        self.request_id = request_id
        self.retryable = retryable


# Transport


class TransportError(AuthFlowError):
    """There was no reply. `operation` is the name of the operation.

    `retryable` is false if Cognito may have carried out the request, and if a second one would then
    do harm.
    """

    def __init__(self, message: str, *, operation: str, retryable: bool = False) -> None:
        super().__init__(f"{operation}: {message}")
        self.operation = operation
        self.retryable = retryable

    @property
    def name(self) -> str:
        """`TransportError` for the whole branch: callers need `retryable` more than the cause."""
        return TransportError.__name__


class ConnectFailed(TransportError):
    """No connection could be made. Nothing was sent."""


class TimedOut(TransportError):
    """Connecting, sending, reading or the whole request exceeded its time limit."""


class ConnectionLost(TransportError):
    """The connection broke after a part of the request had been sent."""


# Store


class StoreError(AuthFlowError):
    """The store of flows or sessions failed."""


class StoreConflict(StoreError):
    """Another task or process has changed the entry since it was read. Nothing was written: load
    the entry and decide again.
    """

    def __init__(self) -> None:
        super().__init__("The entry has changed since it was read.")


class StoreUnavailable(StoreError):
    """The store cannot be reached or does not work. If an entry was being written, its state is
    unknown.
    """

    retryable = True


class KeyringUnavailable(StoreUnavailable):
    """The system's keyring does not give the store its key. There is no keyring, it is locked, or
    its entry is damaged.
    """


class ClaimExpired(StoreError):
    """Another worker has taken the flow, because this one was too slow. The message says whether
    the event was sent. Tokens that it led to have been revoked.
    """
