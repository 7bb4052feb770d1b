"""A step of every class, and of every event one that its step would take."""

from __future__ import annotations

from pydantic import SecretStr

from auth_flow.states import (
    Answer,
    AnswerChallenge,
    AutoSignIn,
    Cancel,
    ChooseFactor,
    ChooseMfa,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    Event,
    NewPassword,
    PresentPasskey,
    Record,
    ResendCode,
    ResetPassword,
    ReturnFromRedirect,
    SetUpEmail,
    SignIn,
    SignInOptions,
    SignInWithRedirect,
    SignUp,
)
from auth_flow.states._record import PendingRedirect
from auth_flow.states.steps import (
    AutoSignInReady,
    CodeDelivery,
    ConfirmationRequired,
    CustomChallenge,
    Done,
    EmailCode,
    EmailSetup,
    FirstFactorSelection,
    Idle,
    MfaSelection,
    MfaSetupSelection,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    RedirectRequired,
    SmsCode,
    Step,
    TotpCode,
    TotpSetup,
)
from tests.states.webauthn import ASSERTION, REQUEST_OPTIONS

NOW = 1_700_000_000.0

DELIVERY = CodeDelivery(destination="a***@e***", medium="EMAIL", attribute="email")

_steps: tuple[tuple[Step, str | None], ...] = (
    (Idle(), None),
    (
        FirstFactorSelection(
            available_challenges=("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "WEB_AUTHN"),
            passkey_options=REQUEST_OPTIONS,
        ),
        "SELECT_CHALLENGE",
    ),
    (PasswordRequired(), "PASSWORD"),
    (PasskeyRequired(options=REQUEST_OPTIONS), "WEB_AUTHN"),
    (NewPasswordRequired(missing_attributes=("given_name", "custom:pet")), "NEW_PASSWORD_REQUIRED"),
    (CustomChallenge(parameters={"question": "Which colour?"}), "CUSTOM_CHALLENGE"),
    (SmsCode(code_delivery=CodeDelivery(destination="+*******5309", medium="SMS")), "SMS_MFA"),
    (EmailCode(code_delivery=DELIVERY), "EMAIL_OTP"),
    (TotpCode(), "SOFTWARE_TOKEN_MFA"),
    (MfaSelection(allowed_mfa_types=("SMS", "TOTP", "EMAIL")), "SELECT_MFA_TYPE"),
    (MfaSetupSelection(allowed_mfa_types=("TOTP", "EMAIL")), "MFA_SETUP"),
    (EmailSetup(), "MFA_SETUP"),
    (
        TotpSetup(
            shared_secret="JBSWY3DPEHPK3PXP", setup_uri="otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXP"
        ),
        "MFA_SETUP",
    ),
    (RedirectRequired(url="https://login.example.com/oauth2/authorize?state=s-1"), None),
    (ConfirmationRequired(code_delivery=DELIVERY, user_id="uid-1"), None),
    (AutoSignInReady(), None),
    (PasswordResetRequired(), None),
    (PasswordResetCode(code_delivery=DELIVERY), None),
    (Done(signed_in=False, username="ada"), None),
    (Done(signed_in=True, username="ada", user_id="uid-1"), None),
)


CALLBACK = "http://localhost:3000/cb"
REDIRECT = PendingRedirect(
    state="s-1", verifier=SecretStr("v-1"), nonce="n-1", redirect_uri=CALLBACK, openid=False
)


def _record(step: Step, challenge: str | None) -> Record:
    match step:
        case Idle():
            return Record()
        case Done():
            return Record(step=step, login_id="ada", username="ada")
        case RedirectRequired():
            return Record(step=step, redirect=REDIRECT, issued_at=NOW - 60, expires_at=NOW + 120)
        case _ if challenge is None:
            return Record(
                step=step,
                login_id="ada",
                sign_in_options=SignInOptions(auth_flow_type="USER_AUTH"),
                goes_on=True,
            )
        case _:
            return Record(
                step=step,
                login_id="ada@example.org",
                username="ada",
                challenge=challenge,
                session=SecretStr("session-1"),
                issued_at=NOW - 60,
                expires_at=NOW + 120,
                sign_in_options=SignInOptions(
                    auth_flow_type="USER_AUTH", preferred_challenge="PASSWORD"
                ),
                goes_on=True,
            )


RECORDS: tuple[Record, ...] = tuple(_record(step, challenge) for step, challenge in _steps)
"""A flow at rest at each step; DONE twice, with and without a session."""

EVENTS: tuple[Event, ...] = (
    SignIn(username="ada", password="correct horse", auth_flow_type="USER_PASSWORD_AUTH"),
    SignInWithRedirect(redirect_uri=CALLBACK),
    ReturnFromRedirect(url=f"{CALLBACK}?code=c-1&state=s-1"),
    EnterCode(code="123456"),
    ChooseMfa(mfa="EMAIL"),
    ChooseMfa(mfa="TOTP"),
    ChooseFactor(factor="PASSWORD"),
    ChooseFactor(factor="EMAIL_OTP"),
    EnterPassword(password="correct horse"),
    NewPassword(password="new horse", user_attributes={"given_name": "Ada", "custom:pet": "Rex"}),
    AnswerChallenge(answer="blue"),
    SetUpEmail(email="ada@example.org"),
    PresentPasskey(credential=ASSERTION),
    Answer(response="123456"),
    SignUp(username="ada", password="correct horse"),
    ConfirmSignUp(username="ada", code="123456"),
    ResendCode(username="ada"),
    AutoSignIn(password="correct horse"),
    ResetPassword(username="ada"),
    ConfirmResetPassword(username="ada", code="123456", new_password="new horse"),
    Cancel(),
)
"""An event of every class, with what the step that takes it would ask for; two where the choice
decides.
"""
