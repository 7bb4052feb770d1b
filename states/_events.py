"""The events: everything that a caller can send to a flow. `Event` is the closed union of them, and
docs/chart.md shows which step takes which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias, TypeVar, get_args

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, ValidationInfo, model_serializer

from auth_flow.states._base import (
    Metadata,
    Secret,
    TaggedUnion,
    Username,
    Value,
    require_tag,
    reveal,
    snake_case,
    tag,
)
from auth_flow.states._passkeys import AuthenticationResponse

__all__ = [
    "Answer",
    "AnswerChallenge",
    "AuthFlowType",
    "AutoSignIn",
    "Cancel",
    "ChooseFactor",
    "ChooseMfa",
    "ConfirmResetPassword",
    "ConfirmSignUp",
    "CustomProvider",
    "EnterCode",
    "EnterPassword",
    "Event",
    "Factor",
    "IdpIdentifier",
    "MfaType",
    "NewPassword",
    "PresentPasskey",
    "Provider",
    "ResendCode",
    "ResetPassword",
    "ReturnFromRedirect",
    "SetUpEmail",
    "SignIn",
    "SignInOptions",
    "SignInWithRedirect",
    "SignUp",
]
"""The events, which the packages above export as they are listed here."""

AuthFlowType: TypeAlias = Literal[
    "USER_SRP_AUTH", "USER_PASSWORD_AUTH", "CUSTOM_WITH_SRP", "CUSTOM_WITHOUT_SRP", "USER_AUTH"
]
"""A way to begin a sign-in, by Amplify's name. Cognito has one name for the two CUSTOM types,
`CUSTOM_AUTH`.
"""

Factor: TypeAlias = Literal[
    "PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN"
]
"""A first factor of USER_AUTH, by Cognito's name."""


T = TypeVar("T")


def _goes_with_user_auth(given: T, others: ValidationInfo) -> T:
    if given is not None and others.data.get("auth_flow_type") != "USER_AUTH":
        raise ValueError(f"{others.field_name} goes with USER_AUTH only")
    return given


def _goes_with_levels(given: T, others: ValidationInfo) -> T:
    if given is not None and others.data.get("acr_values") is None:
        raise ValueError(f"{others.field_name} goes with acr_values only")
    return given


_Preference: TypeAlias = Annotated[Factor | None, AfterValidator(_goes_with_user_auth)]
_Levels: TypeAlias = Annotated[str | None, AfterValidator(_goes_with_user_auth)]
_MaxAge: TypeAlias = Annotated[
    Annotated[int, Field(ge=0)] | None, AfterValidator(_goes_with_levels)
]

MfaType: TypeAlias = Literal["SMS", "TOTP", "EMAIL"]
"""A second factor, by Amplify's name."""


class EventBase(Value):
    """The base of all events.

    In JSON, an event is an object whose `event` is the event's name. It can be read from JSON and
    cannot be written as JSON: its secrets would be asterisks there, and would be sent to Cognito as
    such when they are read back.

    `client_metadata` is passed on to the triggers of the pool, and is not remembered.
    """

    model_config = ConfigDict(json_schema_extra=require_tag("event"))

    name: ClassVar[str]
    if TYPE_CHECKING:
        event: ClassVar[str]
    else:
        event: str  # declared here, so that it is the first field of every event
    client_metadata: Metadata | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.name = snake_case(cls.__name__)
        tag(cls, "event", cls.name)

    @model_serializer
    def _refuse_to_be_written(self) -> dict[str, Any]:
        raise TypeError("Events cannot be dumped: their secrets would read back as asterisks.")

    def password_to_hold(self, held: SecretStr | None) -> SecretStr | None:
        """Return the password that the flow keeps in memory from this event on, in case it signs in
        with it later. `held` is the one that it has kept so far.
        """
        return held


class SignInOptions(Value):
    """The options of a sign-in: Cognito's authentication flow and, for USER_AUTH, the preferred
    factor and the authentication levels to reach.
    """

    auth_flow_type: AuthFlowType = "USER_SRP_AUTH"
    preferred_challenge: _Preference = None
    acr_values: _Levels = None
    max_age: _MaxAge = None

    @property
    def takes_password(self) -> bool:
        """True if such a sign-in begins with the password."""
        if self.auth_flow_type == "USER_AUTH":
            return self.preferred_challenge in ("PASSWORD", "PASSWORD_SRP")
        return self.auth_flow_type != "CUSTOM_WITHOUT_SRP"

    @property
    def uses_srp(self) -> bool:
        """True if the password is proven by SRP instead of being sent."""
        if self.auth_flow_type == "USER_AUTH":
            return self.preferred_challenge == "PASSWORD_SRP"
        return self.auth_flow_type in ("USER_SRP_AUTH", "CUSTOM_WITH_SRP")


# Sign in


class SignIn(EventBase):
    """Sign in, from IDLE or instead of an unfinished sign-in.

    The password is required if the sign-in begins with it.

    With USER_AUTH, `acr_values` names the authentication levels to reach, separated by spaces, the
    preferred one first. If the user is signed in already, `access_token` spares the factors that it
    stands for, provided that they were proven at most `max_age` seconds ago; `Session.step_up`
    sends such an event.
    """

    username: Username
    password: Secret | None = None
    auth_flow_type: AuthFlowType = "USER_SRP_AUTH"
    preferred_challenge: _Preference = None
    acr_values: _Levels = None
    max_age: _MaxAge = None
    access_token: Annotated[Secret | None, AfterValidator(_goes_with_levels)] = None

    @property
    def sign_in_options(self) -> SignInOptions:
        """The options without the credentials. A record may keep the former, not the latter."""
        return SignInOptions(
            auth_flow_type=self.auth_flow_type,
            preferred_challenge=self.preferred_challenge,
            acr_values=self.acr_values,
            max_age=self.max_age,
        )

    def password_to_hold(self, held: SecretStr | None) -> SecretStr | None:
        """Return this event's password; the one held so far may be another user's."""
        return _secret(self.password)


class CustomProvider(Value):
    """An identity provider of the pool, such as an OpenID Connect one, by its name there."""

    custom: str

    @property
    def name(self) -> str:
        """The name to show."""
        return self.custom

    def parameter(self) -> dict[str, str | None]:
        """Return the parameter of the authorize request."""
        return {"identity_provider": self.custom}


class IdpIdentifier(Value):
    """An identity provider by one of its identifiers, such as the domain of an e-mail address."""

    idp_identifier: str

    @property
    def name(self) -> str:
        """The name to show."""
        return self.idp_identifier

    def parameter(self) -> dict[str, str | None]:
        """Return the parameter of the authorize request."""
        return {"idp_identifier": self.idp_identifier}


NamedProvider: TypeAlias = Literal["Google", "Facebook", "Amazon", "Apple"]
"""An identity provider that Cognito knows by itself, by Amplify's name."""

Provider: TypeAlias = NamedProvider | CustomProvider | IdpIdentifier
"""The identity provider that a redirect sign-in goes to, past the choice on the hosted pages."""

DEFAULT_SCOPES = ("openid", "aws.cognito.signin.user.admin")
"""The scopes of a redirect sign-in: an id token, and the operations of a signed-in user."""


class SignInWithRedirect(EventBase):
    """Sign in on the pages of the user pool's domain, or with an identity provider.

    The next step has the URL to send the browser to. `redirect_uri` is where it comes back to: one
    of the app client's callback URLs, to the letter. Plain http is good for this machine only.

    `page` opens the sign-up or the sign-in page directly. `custom_state` is any text that comes
    back in DONE and in the errors of the redirect. `prompt` (`none`, `login`, `consent`,
    `select_account`), `lang` (managed login only), `login_hint`, `nonce`, `resource`, `acr_values`
    and `max_age` (seconds) are parameters of the authorize request.
    """

    redirect_uri: str
    provider: Provider | None = None
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    login_hint: str | None = None
    lang: str | None = None
    nonce: str | None = None
    prompt: str | tuple[str, ...] | None = None
    resource: str | None = None
    acr_values: str | None = None
    max_age: Annotated[int, Field(ge=0)] | None = None
    custom_state: str | None = None
    page: Literal["login", "signup"] | None = None

    def password_to_hold(self, held: SecretStr | None) -> SecretStr | None:
        """Return none: the password is typed elsewhere."""
        return None


class ReturnFromRedirect(EventBase):
    """Continue with the whole URL that the browser came back to, or its query."""

    url: Secret


class EnterCode(EventBase):
    """Enter the code that was sent, or that an authenticator app shows.

    `friendly_device_name` names the app when it is being set up.
    """

    code: Secret
    friendly_device_name: str | None = None


class ChooseMfa(EventBase):
    """Choose one of the offered second factors."""

    mfa: MfaType


class ChooseFactor(EventBase):
    """Choose one of the offered first factors."""

    factor: Factor


class EnterPassword(EventBase):
    """Enter the password after it was chosen as first factor."""

    password: Secret

    def password_to_hold(self, held: SecretStr | None) -> SecretStr | None:
        """Return the password that was entered."""
        return _secret(self.password)


class NewPassword(EventBase):
    """Replace a temporary password, and give the attributes that the pool still requires."""

    password: Secret
    user_attributes: dict[str, str] | None = None

    def password_to_hold(self, held: SecretStr | None) -> SecretStr | None:
        """Return the new password."""
        return _secret(self.password)


class AnswerChallenge(EventBase):
    """Answer a custom challenge."""

    answer: Secret


class SetUpEmail(EventBase):
    """Give the address that codes are to be sent to."""

    email: str


class PresentPasskey(EventBase):
    """Present a passkey: what a browser or an authenticator answered to the options of the step.

    `credential` may be given as JSON values (`PublicKeyCredential.toJSON()`) too.
    """

    credential: AuthenticationResponse


class Answer(EventBase):
    """Answer with a text that a person typed. The current step reads it as the event that it stands
    for, so a chat bot need not know the steps.
    """

    response: Secret
    user_attributes: dict[str, str] | None = None
    friendly_device_name: str | None = None


# Accounts and passwords


class SignUp(EventBase):
    """Create an account.

    `auto_sign_in` asks to be signed in once the account is confirmed. It is `True`, or the options
    of that sign-in.
    """

    username: Username
    password: Secret | None = None
    user_attributes: dict[str, str] | None = None
    validation_data: dict[str, str] | None = None
    auto_sign_in: bool | SignInOptions = False

    def password_to_hold(self, held: SecretStr | None) -> SecretStr | None:
        """Return this event's password; the one held so far may be another user's."""
        return _secret(self.password)


class ConfirmSignUp(EventBase):
    """Enter the code that confirms an account. `username` is required if the flow does not know
    it.
    """

    code: Secret
    username: Username | None = None
    force_alias_creation: bool | None = None


class ResendCode(EventBase):
    """Send the code of a sign-up or of a password reset once more."""

    username: Username | None = None


class AutoSignIn(EventBase):
    """Sign in to the account that is now in order.

    `password` is required only if the sign-in begins with it and the flow has neither a session of
    the service nor a password.
    """

    password: Secret | None = None

    def password_to_hold(self, held: SecretStr | None) -> SecretStr | None:
        """Return this event's password, or the one held so far if it has none."""
        return held if self.password is None else _secret(self.password)


class ResetPassword(EventBase):
    """Ask for a code that allows setting a new password."""

    username: Username | None = None


class ConfirmResetPassword(EventBase):
    """Set a new password with the code that was sent."""

    code: Secret
    new_password: Secret
    username: Username | None = None

    def password_to_hold(self, held: SecretStr | None) -> SecretStr | None:
        """Return the new password."""
        return _secret(self.new_password)


class Cancel(EventBase):
    """Give the flow up. The service's session expires by itself."""


def _secret(text: Secret | None) -> SecretStr | None:
    return None if text is None else SecretStr(reveal(text))


_AnyEvent: TypeAlias = (
    SignIn
    | SignInWithRedirect
    | ReturnFromRedirect
    | EnterCode
    | ChooseMfa
    | ChooseFactor
    | EnterPassword
    | NewPassword
    | AnswerChallenge
    | SetUpEmail
    | PresentPasskey
    | Answer
    | SignUp
    | ConfirmSignUp
    | ResendCode
    | AutoSignIn
    | ResetPassword
    | ConfirmResetPassword
    | Cancel
)

Event: TypeAlias = Annotated[_AnyEvent, TaggedUnion("event")]
"""Every event. In JSON, `event` names it. The errors of pydantic do not show the input, so that a
web framework may pass them on.
"""

EVENTS: dict[str, type[Event]] = {event.name: event for event in get_args(_AnyEvent)}
"""Event classes by name."""


def check_event(given: object) -> None:
    """Raise `TypeError` if something else than an event is sent to a flow."""
    if type(given) not in _CLASSES:
        hint = (
            "step.answer(text) reads a text as one"
            if isinstance(given, str)
            else "events are in auth_flow.states"
        )
        raise TypeError(
            f"A flow takes events such as SignIn(…), not {type(given).__name__}; {hint}."
        )


_CLASSES = frozenset(EVENTS.values())
