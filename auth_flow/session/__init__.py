"""The signed-in part: a session, its tokens, and the operations of its user."""

from __future__ import annotations

from auth_flow.session._attributes import AttributeUpdate, User
from auth_flow.session._devices import Device, RememberedDevice
from auth_flow.session._mfa import AuthFactors, MfaPreference, MfaSetting, TotpRegistration
from auth_flow.session._passkeys import Passkey, PasskeyPage
from auth_flow.session._session import CurrentUser, Session, SignOut

__all__ = [
    "AttributeUpdate",
    "AuthFactors",
    "CurrentUser",
    "Device",
    "MfaPreference",
    "MfaSetting",
    "Passkey",
    "PasskeyPage",
    "RememberedDevice",
    "Session",
    "SignOut",
    "TotpRegistration",
    "User",
]
