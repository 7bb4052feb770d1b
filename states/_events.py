"""What a caller can say to a flow. `Event` is the closed union of all of it; docs/chart.md shows
which state takes which.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo

from auth_flow.states._base import Metadata, Name, Secret, Value, snake_case

AuthFlowType: TypeAlias = Literal[
    "USER_SRP_AUTH", "USER_PASSWORD_AUTH", "CUSTOM_WITH_SRP", "CUSTOM_WITHOUT_SRP", "USER_AUTH"
]
"""How a sign-in begins, in Amplify's words: Cognito knows the two CUSTOM ways as one,
`CUSTOM_AUTH`.
"""

Factor: TypeAlias = Literal["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"]
"""A first factor of USER_AUTH, by Cognito's name."""


def _goes_with_user_auth(
    preference: Factor | None, sign_in_options: ValidationInfo
) -> Factor | None:
    if preference is not None and sign_in_options.data.get("auth_flow_type") != "USER_AUTH":
        raise ValueError("a preferred challenge goes with USER_AUTH only")
    return preference


_Preference: TypeAlias = Annotated[Factor | None, AfterValidator(_goes_with_user_auth)]

MfaType: TypeAlias = Literal["SMS", "TOTP", "EMAIL"]
"""A second factor, in Amplify's words."""


class EventBase(Value):
    """What all events share: `client_metadata` is handed on to the triggers of the pool, and is not
    remembered.
    """

    name: ClassVar[str]
    client_metadata: Metadata | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        cls.name = snake_case(cls.__name__)


class SignInOptions(Value):
    """How to sign in: the flow of Cognito, and for USER_AUTH the factor that is preferred."""

    auth_flow_type: AuthFlowType = "USER_SRP_AUTH"
    preferred_challenge: _Preference = None

    @property
    def takes_password(self) -> bool:
        """Whether this way in begins with the password."""
        if self.auth_flow_type == "USER_AUTH":
            return self.preferred_challenge in ("PASSWORD", "PASSWORD_SRP")
        return self.auth_flow_type != "CUSTOM_WITHOUT_SRP"


# Sign in


class SignIn(EventBase):
    """Sign in, from idle or in place of an unfinished sign-in. The password is needed where the way
    in begins with it.
    """

    username: Name
    password: Secret | None = None
    auth_flow_type: AuthFlowType = "USER_SRP_AUTH"
    preferred_challenge: _Preference = None

    @property
    def sign_in_options(self) -> SignInOptions:
        """The way in without the credentials: it may be kept, they may not."""
        return SignInOptions(
            auth_flow_type=self.auth_flow_type, preferred_challenge=self.preferred_challenge
        )


class EnterCode(EventBase):
    """The code that was sent, or that an authenticator app shows. `friendly_device_name` names the
    app at TOTP set-up.
    """

    code: Secret
    friendly_device_name: str | None = None


class ChooseMfa(EventBase):
    """One of the offered kinds of MFA."""

    mfa: MfaType


class ChooseFactor(EventBase):
    """One of the offered first factors."""

    factor: Factor


class EnterPassword(EventBase):
    """The password, where Cognito asks for it after the choice of a first factor."""

    password: Secret


class NewPassword(EventBase):
    """The password that replaces a temporary one, and the attributes that the pool still misses."""

    password: Secret
    user_attributes: dict[str, str] | None = None


class AnswerChallenge(EventBase):
    """The answer to a custom challenge."""

    answer: Secret


class SetUpEmail(EventBase):
    """The address that codes are to be sent to."""

    email: str


class PresentPasskey(EventBase):
    """The assertion that a WebAuthn ceremony gave, as JSON values
    (`PublicKeyCredential.toJSON()`).
    """

    credential: dict[str, Any] = Field(repr=False)


class Answer(EventBase):
    """What a person typed, read by the current step as the event it stands for: what a bot has in
    its hand.
    """

    response: Secret
    user_attributes: dict[str, str] | None = None
    friendly_device_name: str | None = None


# Accounts and passwords


class SignUp(EventBase):
    """Create an account. `auto_sign_in` asks to be signed in once it is confirmed: `True`, or the
    way in.
    """

    username: Name
    password: Secret | None = None
    user_attributes: dict[str, str] | None = None
    validation_data: dict[str, str] | None = None
    auto_sign_in: bool | SignInOptions = False


class ConfirmSignUp(EventBase):
    """The code that confirms an account; `username` is needed where the flow does not know it."""

    code: Secret
    username: Name | None = None
    force_alias_creation: bool | None = None


class ResendCode(EventBase):
    """Send the code of a sign-up or of a password reset once more."""

    username: Name | None = None


class AutoSignIn(EventBase):
    """Go on to sign in. `password` is needed only where neither a session of the service nor the
    flow has what it takes.
    """

    password: Secret | None = None


class ResetPassword(EventBase):
    """Ask for a code that allows a new password."""

    username: Name | None = None


class ConfirmResetPassword(EventBase):
    """The code, and the new password."""

    code: Secret
    new_password: Secret
    username: Name | None = None


class Cancel(EventBase):
    """Give the flow up. What the service keeps of it expires by itself."""


Event: TypeAlias = (
    SignIn
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
"""Everything a caller can say."""

EVENTS: dict[str, type[Event]] = {event.name: event for event in Event.__args__}
"""Event classes by name."""


def check_event(said: object) -> None:
    """Raise `TypeError` where something is said that is no event: the chart knows these very
    classes, by their names.
    """
    if type(said) not in _CLASSES:
        hint = (
            "step.answer(text) reads a text as one"
            if isinstance(said, str)
            else "events are in auth_flow.states._events"
        )
        raise TypeError(
            f"A flow takes events such as SignIn(…), and no {type(said).__name__}; {hint}."
        )


_CLASSES = frozenset(EVENTS.values())
