"""The documents about a pool that clients fetch: its keys and its OpenID configuration."""

from __future__ import annotations

from auth_flow.embedded._fault import Fault
from auth_flow.embedded._http import HttpRequest, Response, json_response
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._service import CognitoService


def well_known(service: CognitoService, request: HttpRequest) -> Response:
    """Return `jwks.json` or `openid-configuration` below `/{pool id}/.well-known/`."""
    pool_id, _, document = request.path.removeprefix("/").partition("/.well-known/")
    try:
        pool = service.pool(pool_id)
    except Fault as fault:
        return json_response(404, {"message": fault.message})
    if document == "jwks.json":
        return json_response(200, {"keys": [pool.key.public]})
    if document == "openid-configuration":
        return json_response(200, _configuration(pool, request.origin))
    return json_response(404, {"message": "Not found."})


def _configuration(pool: EmbeddedUserPool, origin: str) -> dict[str, object]:
    # A local issuer has one address, whatever name of this machine the client used.
    base = pool.issuer if pool.has_local_issuer else f"{origin}/{pool.id}"
    host = base.removesuffix(f"/{pool.id}")
    return {
        "issuer": pool.issuer,
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "authorization_endpoint": f"{host}/oauth2/authorize",
        "token_endpoint": f"{host}/oauth2/token",
        "userinfo_endpoint": f"{host}/oauth2/userInfo",
        "revocation_endpoint": f"{host}/oauth2/revoke",
        "end_session_endpoint": f"{host}/logout",
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
