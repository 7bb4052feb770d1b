"""Sessions: the tokens of a signed-in user, kept fresh, and the operations of that user."""

from __future__ import annotations

from auth_flow._device_records import DeviceRecords
from auth_flow.session._attributes import AttributeUpdate, UserProfile
from auth_flow.session._base import CurrentUser
from auth_flow.session._devices import UserDevice
from auth_flow.session._feedback import report_sign_in
from auth_flow.session._listed_sessions import UserSession
from auth_flow.session._mfa import AuthFactors, MfaPreference, MfaSetting, TotpRegistration
from auth_flow.session._passkeys import PasskeyPage, RegisteredPasskey
from auth_flow.session._session import Session
from auth_flow.session._sign_out import SignOutResult, sign_out_everywhere
from auth_flow.states._devices import RememberedDevice

__all__ = [
    "AttributeUpdate",
    "AuthFactors",
    "CurrentUser",
    "DeviceRecords",
    "MfaPreference",
    "MfaSetting",
    "PasskeyPage",
    "RegisteredPasskey",
    "RememberedDevice",
    "Session",
    "SignOutResult",
    "TotpRegistration",
    "UserDevice",
    "UserProfile",
    "UserSession",
    "report_sign_in",
    "sign_out_everywhere",
]
