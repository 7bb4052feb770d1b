"""The embedded user pool: a small Amazon Cognito in Python, complete enough to sign in to, in process or served on a port."""

from auth_flow.transports.embedded.app import EmbeddedCognito
from auth_flow.transports.embedded.clock import Clock, TurnableClock
from auth_flow.transports.embedded.models import Client, User
from auth_flow.transports.embedded.outbox import Message, Outbox
from auth_flow.transports.embedded.pool import EmbeddedUserPool
from auth_flow.transports.embedded.server import running, serve
from auth_flow.transports.embedded.settings import (
    ClientSettings,
    PasswordPolicy,
    PoolSettings,
    RefreshTokenRotation,
    TokenValidityUnits,
)
from auth_flow.transports.embedded.signing import SigningKey
from auth_flow.transports.embedded.triggers import Triggers

__all__ = [
    "Client",
    "ClientSettings",
    "Clock",
    "EmbeddedCognito",
    "EmbeddedUserPool",
    "Message",
    "Outbox",
    "PasswordPolicy",
    "PoolSettings",
    "RefreshTokenRotation",
    "SigningKey",
    "TokenValidityUnits",
    "Triggers",
    "TurnableClock",
    "User",
    "running",
    "serve",
]
