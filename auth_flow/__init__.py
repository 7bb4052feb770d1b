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
    DeviceNotConfirmed,
    FlowUnreadable,
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
    AlreadyDone,
    AuthFlowError,
    CallerError,
    EventNotAccepted,
    FateUnknown,
    FlowBusy,
    FlowMovedOn,
    GuardRejected,
    InvalidToken,
    NotSignedIn,
    OAuthError,
    RedirectDenied,
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
from auth_flow.states import Form, FormSettings, PasswordRules, Record
from auth_flow.states import _events as _events
from auth_flow.states import steps as _steps
from auth_flow.states._events import *  # noqa: F403
from auth_flow.states._user_context import UserContext
from auth_flow.states.steps import *  # noqa: F403

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
    "AlreadyDone",
    "AuthConfig",
    "AuthFlow",
    "AuthFlowError",
    "AuthOptions",
    "CallerError",
    "Claims",
    "CognitoTransport",
    "DeviceNotConfirmed",
    "EventNotAccepted",
    "FateUnknown",
    "FileStore",
    "FlowBusy",
    "FlowMovedOn",
    "FlowUnreadable",
    "Form",
    "FormSettings",
    "GuardRejected",
    "HistoryEntry",
    "IdentityPool",
    "InvalidToken",
    "KeyringStore",
    "MemoryStore",
    "NotSignedIn",
    "Notice",
    "OAuthError",
    "Observers",
    "PasswordRules",
    "Record",
    "RedirectDenied",
    "RedisStore",
    "RefreshFailed",
    "ResponseError",
    "SQLiteStore",
    "SealBroken",
    "SealedStore",
    "Sealer",
    "ServiceError",
    "Session",
    "SessionExpired",
    "SharedFlows",
    "SignedIn",
    "SignedOut",
    "StepEntered",
    "StoreError",
    "TokenVerifier",
    "Tokens",
    "TokensRefreshed",
    "TransportError",
    "UserContext",
    "UserPool",
    "new_key",
]
__all__ += _events.__all__
__all__ += _steps.__all__
