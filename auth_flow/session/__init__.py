"""The signed-in part: a session, its tokens, and the operations of its user."""

from __future__ import annotations

from auth_flow.session.attributes import AttributeUpdate, User
from auth_flow.session.devices import Device, RememberedDevice
from auth_flow.session.mfa import AuthFactors, MfaPreference, MfaSetting, TotpRegistration
from auth_flow.session.passkeys import Passkey, PasskeyPage
from auth_flow.session.session import CurrentUser, Session, SignOut

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
