"""Authenticate the app client that calls the token endpoint."""

from __future__ import annotations

import base64
from urllib.parse import unquote_plus

from auth_flow.embedded._fault import Fault
from auth_flow.embedded._http import HttpRequest
from auth_flow.embedded._login._errors import TokenError
from auth_flow.embedded._models import Client
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._service import CognitoService, check_client_secret


def authenticated_client(
    service: CognitoService, request: HttpRequest
) -> tuple[EmbeddedUserPool, Client]:
    """Return the client by its credentials in the `Authorization` header or in the form.

    Raises TokenError `invalid_client` if the client is unknown or its secret is wrong or missing.
    """
    form = request.form
    client_id, secret = form.get("client_id", ""), form.get("client_secret")
    header = request.headers.get("authorization", "")
    if header.lower().startswith("basic "):
        named, secret = _basic(header[6:])
        if client_id and named != client_id:
            raise TokenError("invalid_client", "client_id differs from the Authorization header")
        client_id = named
    if not client_id:
        raise TokenError("invalid_request", "client_id is missing")
    try:
        pool, client = service.client(client_id)
        check_client_secret(client, secret)
    except Fault as fault:
        raise TokenError("invalid_client") from fault
    return pool, client


def _basic(encoded: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise TokenError("invalid_client", "The Authorization header cannot be read") from error
    return unquote_plus(name), unquote_plus(secret)
