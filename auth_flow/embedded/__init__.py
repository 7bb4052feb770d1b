"""The embedded user pool: a small Amazon Cognito in Python, complete enough to sign in to, in
process or served on a port.

::

    app, protocol, registry       an HTTP request becomes an operation's typed request; a reply or a fault becomes a response
    operations/                   the operations, a module for each concern
    challenges/                   signing in: the flows, the challenges, and what comes after what
    service, pool, models,
    settings, storage             what there is and what is remembered
    sessions, grants              a sign-in between two requests, and the tokens it ends in
    srp, totp, passkeys,
    passwords, signing            what is verified, and what is signed
    schema, aliases               attributes: which there are, their formats, and whose an address is
    delivery, outbox,
    triggers, migration           codes and where they go; callables that have a say
    server                        the service on a port
"""

from auth_flow.embedded._app import EmbeddedCognito
from auth_flow.embedded._clock import Clock, TurnableClock
from auth_flow.embedded._models import Client, User
from auth_flow.embedded._outbox import Message, Outbox
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._server import running, serve
from auth_flow.embedded._settings import (
    ClientSettings,
    Limits,
    PasswordPolicy,
    PoolSettings,
    RefreshTokenRotation,
    TokenValidityUnits,
)
from auth_flow.embedded._signing import SigningKey
from auth_flow.embedded._triggers import Triggers

__all__ = [
    "Client",
    "ClientSettings",
    "Clock",
    "EmbeddedCognito",
    "EmbeddedUserPool",
    "Limits",
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
