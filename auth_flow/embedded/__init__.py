"""The embedded user pool: a small Amazon Cognito in Python, in process or served on a port.

::

    _app, _protocol, _registry     from an HTTP request to an operation, and back to a response
    _http, _access                 HTTP, and the web pages and hosts that may call
    _members, _paging, _fault      names on the wire, pages of long lists, and errors
    _subject, _turns               the user that a request is about, and the order of requests
    _operations/                   the operations, one module for each subject
    _challenges/                   signing in: the flows, the challenges and their order
    _service, _pool, _models,
    _settings, _storage, _clock    the pools with their clients and users
    _sessions, _grants             pending sign-ins, and the tokens that they lead to
    _claims, _groups, _levels      the claims of tokens
    _srp, _totp, _passkeys,
    _passwords, _signing           checking proofs, and signing tokens
    _schema, _attribute_values,
    _aliases                       attributes, and the users that an address belongs to
    _delivery, _outbox             codes, and the messages that contain them
    _triggers, _firing, _context,
    _migration                     the pool's triggers, and what they get
    _login/, _hosted               managed login: the pages and the OAuth endpoints
    _login_models,
    _federated_users               its rows, and the users of identity providers
    _well_known                    keys and OpenID configuration
    _server                        the service on a port
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
