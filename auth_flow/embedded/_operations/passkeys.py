"""The passkeys of a signed-in user."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from auth_flow.embedded._fault import Fault, not_found
from auth_flow.embedded._operations.shapes import AccessToken
from auth_flow.embedded._paging import page
from auth_flow.embedded._passkeys import creation_options, register
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import Caller, CognitoService


class StartWebAuthnRegistrationRequest(Request):
    access_token: AccessToken


class CompleteWebAuthnRegistrationRequest(Request):
    access_token: AccessToken
    credential: dict[str, Any]


class ListWebAuthnCredentialsRequest(Request):
    access_token: AccessToken
    max_results: Annotated[int, Field(ge=0, le=20)] | None = None
    next_token: str | None = None


class DeleteWebAuthnCredentialRequest(Request):
    access_token: AccessToken
    credential_id: str


@operation(StartWebAuthnRegistrationRequest)
async def start_web_authn_registration(
    service: CognitoService, request: StartWebAuthnRegistrationRequest
) -> Reply:
    """Return the options for a browser to make a passkey with."""
    caller = _caller(service, request.access_token)
    options = creation_options(caller.pool, caller.client, caller.user)
    return {"CredentialCreationOptions": options}


@operation(CompleteWebAuthnRegistrationRequest)
async def complete_web_authn_registration(
    service: CognitoService, request: CompleteWebAuthnRegistrationRequest
) -> Reply:
    """Keep the passkey that the browser made."""
    caller = _caller(service, request.access_token)
    register(caller.pool, caller.client, caller.user, request.credential)
    return {}


@operation(ListWebAuthnCredentialsRequest)
async def list_web_authn_credentials(
    service: CognitoService, request: ListWebAuthnCredentialsRequest
) -> Reply:
    """Return a page of passkeys."""
    user = service.caller(request.access_token).user
    passkeys, token = page(user.passkeys, request.max_results, request.next_token)
    credentials = [
        {
            "CredentialId": passkey.credential_id,
            "FriendlyCredentialName": passkey.friendly_name,
            "RelyingPartyId": passkey.relying_party_id,
            "AuthenticatorTransports": passkey.transports,
            "CreatedAt": passkey.created,
        }
        | ({"AuthenticatorAttachment": passkey.attachment} if passkey.attachment else {})
        for passkey in passkeys
    ]
    return {"Credentials": credentials} | ({"NextToken": token} if token else {})


@operation(DeleteWebAuthnCredentialRequest)
async def delete_web_authn_credential(
    service: CognitoService, request: DeleteWebAuthnCredentialRequest
) -> Reply:
    """Delete a passkey."""
    caller = service.caller(request.access_token)
    kept = [
        passkey
        for passkey in caller.user.passkeys
        if passkey.credential_id != request.credential_id
    ]
    if len(kept) == len(caller.user.passkeys):
        raise not_found("The passkey does not exist.")
    caller.user.passkeys = kept
    caller.pool.save(caller.user)
    return {}


def _caller(service: CognitoService, access_token: str) -> Caller:
    caller = service.caller(access_token)
    if "WEB_AUTHN" not in caller.pool.settings.first_factors:
        raise Fault("WebAuthnNotEnabledException", "Passkeys are not enabled for the user pool.")
    return caller
