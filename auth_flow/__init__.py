"""auth-flow: sign users in to Amazon Cognito as an explicit, async state machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_flow._config import (
    AuthConfig,
    AuthOptions,
)
from auth_flow._flow import (
    AuthFlow,
    HistoryEntry,
)
from auth_flow._imports import lazy as _lazy
from auth_flow._observers import (
    Notice,
    Observers,
    RefreshFailed,
    SignedIn,
    SignedOut,
    StepEntered,
    TokensRefreshed,
)
from auth_flow._user_pool import UserPool
from auth_flow.errors import (
    AuthFlowError,
    CallerError,
    EventNotAccepted,
    FlowBusy,
    GuardRejected,
    InvalidToken,
    NotSignedIn,
    ResponseError,
    SealBroken,
    ServiceError,
    SessionExpired,
    StoreError,
    TransportError,
)
from auth_flow.sealing import (
    Sealer,
    new_key,
)
from auth_flow.states import (
    Answer,
    AnswerChallenge,
    AuthFlowType,
    AutoSignIn,
    AutoSignInReady,
    Cancel,
    ChooseFactor,
    ChooseMfa,
    CodeDelivery,
    ConfirmationRequired,
    ConfirmResetPassword,
    ConfirmSignUp,
    CustomChallenge,
    Done,
    EmailCode,
    EmailSetup,
    EnterCode,
    EnterPassword,
    Event,
    Factor,
    FirstFactorSelection,
    Idle,
    MfaSelection,
    MfaSetupSelection,
    MfaType,
    NewPassword,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    PresentPasskey,
    Question,
    Record,
    ResendCode,
    ResetPassword,
    SetUpEmail,
    SignIn,
    SignInOptions,
    SignUp,
    SmsCode,
    Step,
    TotpCode,
    TotpSetup,
)

if TYPE_CHECKING:
    from auth_flow.aws import (
        IdentityPool,
    )
    from auth_flow.session import (
        Session,
    )
    from auth_flow.shared import (
        SharedFlows,
    )
    from auth_flow.states._claims import (
        Claims,
    )
    from auth_flow.states._tokens import (
        Tokens,
    )
    from auth_flow.stores import (
        FileStore,
        KeyringStore,
        MemoryStore,
        RedisStore,
        SealedStore,
        SQLiteStore,
    )
    from auth_flow.transports import (
        CognitoTransport,
    )
    from auth_flow.verification import (
        TokenVerifier,
    )
else:
    __getattr__ = _lazy(
        __name__,
        {
            "Claims": "auth_flow.states._claims",
            "CognitoTransport": "auth_flow.transports",
            "FileStore": "auth_flow.stores",
            "IdentityPool": "auth_flow.aws",
            "KeyringStore": "auth_flow.stores",
            "MemoryStore": "auth_flow.stores",
            "RedisStore": "auth_flow.stores",
            "SQLiteStore": "auth_flow.stores",
            "SealedStore": "auth_flow.stores",
            "Session": "auth_flow.session",
            "SharedFlows": "auth_flow.shared",
            "TokenVerifier": "auth_flow.verification",
            "Tokens": "auth_flow.states._tokens",
        },
    )

__all__ = [
    "Answer",
    "AnswerChallenge",
    "AuthConfig",
    "AuthFlow",
    "AuthFlowError",
    "AuthFlowType",
    "AuthOptions",
    "AutoSignIn",
    "AutoSignInReady",
    "CallerError",
    "Cancel",
    "ChooseFactor",
    "ChooseMfa",
    "Claims",
    "CodeDelivery",
    "CognitoTransport",
    "ConfirmResetPassword",
    "ConfirmSignUp",
    "ConfirmationRequired",
    "CustomChallenge",
    "Done",
    "EmailCode",
    "EmailSetup",
    "EnterCode",
    "EnterPassword",
    "Event",
    "EventNotAccepted",
    "Factor",
    "FileStore",
    "FirstFactorSelection",
    "FlowBusy",
    "GuardRejected",
    "HistoryEntry",
    "IdentityPool",
    "Idle",
    "InvalidToken",
    "KeyringStore",
    "MemoryStore",
    "MfaSelection",
    "MfaSetupSelection",
    "MfaType",
    "NewPassword",
    "NewPasswordRequired",
    "NotSignedIn",
    "Notice",
    "Observers",
    "PasskeyRequired",
    "PasswordRequired",
    "PasswordResetCode",
    "PasswordResetRequired",
    "PresentPasskey",
    "Question",
    "Record",
    "RedisStore",
    "RefreshFailed",
    "ResendCode",
    "ResetPassword",
    "ResponseError",
    "SQLiteStore",
    "SealBroken",
    "SealedStore",
    "Sealer",
    "ServiceError",
    "Session",
    "SessionExpired",
    "SetUpEmail",
    "SharedFlows",
    "SignIn",
    "SignInOptions",
    "SignUp",
    "SignedIn",
    "SignedOut",
    "SmsCode",
    "Step",
    "StepEntered",
    "StoreError",
    "TokenVerifier",
    "Tokens",
    "TokensRefreshed",
    "TotpCode",
    "TotpSetup",
    "TransportError",
    "UserPool",
    "new_key",
]
