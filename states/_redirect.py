"""The dialogues of a sign-in by redirect: away to the hosted pages, and back with a code."""

# Theory of operation
#
# The first event sends nothing. It makes up `state`, PKCE's verifier and `nonce`, keeps them in the
# record, and rests at a step that shows the URL. The second event brings the URL that the browser
# came back to. A guard has compared the state before the dialogue begins. The dialogue then
#
#   1. fetches the issuer's keys: if they cannot be had, the code is still good,
#   2. marks the record, so that the code is never sent twice,
#   3. redeems the code at the token endpoint, once,
#   4. checks the id token. A key that is new since step 1 is fetched once more; if that fails, the
#      signature alone is left out, as the token came straight from the token endpoint over TLS.
#
# Every error leaves the flow at the step, where another `sign_in_with_redirect` gives a fresh URL.

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from auth_flow.errors import (
    InvalidToken,
    MalformedResponse,
    OAuthError,
    RedirectAlreadyUsed,
    TransportError,
)
from auth_flow.states._app_client import HostedPages
from auth_flow.states._base import Secret, reveal
from auth_flow.states._effects import Checkpoint, Dialogue, Fetch, Outcome
from auth_flow.states._events import Provider, ReturnFromRedirect, SignInWithRedirect
from auth_flow.states._id_token import Expected, check_id_token, key_id, key_ids, require_joserfc
from auth_flow.states._oauth import (
    TOKEN_OPERATION,
    Returned,
    TokenReply,
    code_challenge,
    json_object,
    page_url,
    random_text,
    read_token_reply,
    token_request,
)
from auth_flow.states._record import PendingRedirect, Record
from auth_flow.states._sign_in import signed_in
from auth_flow.states.steps import RedirectRequired

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn

_PAGES = {None: "/oauth2/authorize", "login": "/login", "signup": "/signup"}
_IDENTITY_PROVIDERS = {"Amazon": "LoginWithAmazon", "Apple": "SignInWithApple"}
"""Cognito's names of the providers that it does not call as Amplify does."""


def sign_in_with_redirect(turn: Turn, event: SignInWithRedirect) -> Dialogue[Outcome]:
    """Rest at the step that shows the URL, whatever the flow was doing before.

    Raises `MissingExtra` if the id token could not be verified later.
    """
    require_joserfc()
    yield from ()
    pending = PendingRedirect(
        state=random_text(),
        verifier=SecretStr(random_text()),
        nonce=event.nonce or random_text(),
        redirect_uri=event.redirect_uri,
        openid="openid" in event.scopes,
        max_age=event.max_age,
        custom_state=event.custom_state,
    )
    now = turn.clock()
    return Outcome(
        Record(
            step=RedirectRequired(url=_page(turn, event, pending)),
            redirect=pending,
            issued_at=now,
            expires_at=now + turn.client.redirect_validity,
        )
    )


def _page(turn: Turn, event: SignInWithRedirect, pending: PendingRedirect) -> str:
    prompt = (event.prompt,) if isinstance(event.prompt, str) else event.prompt or ()
    parameters = {
        "redirect_uri": event.redirect_uri,
        "response_type": "code",
        "client_id": turn.client.client_id,
        **_provider(event.provider),
        "scope": " ".join(event.scopes) or None,
        "login_hint": event.login_hint,
        "lang": event.lang,
        "nonce": pending.nonce,
        "prompt": " ".join(prompt) or None,
        "resource": event.resource,
        "acr_values": event.acr_values,
        "max_age": None if event.max_age is None else str(event.max_age),
        "state": pending.state,
        "code_challenge": code_challenge(pending.verifier.get_secret_value()),
        "code_challenge_method": "S256",
    }
    return page_url(_domain(turn).url, _PAGES[event.page], parameters)


def _provider(provider: Provider | None) -> dict[str, str | None]:
    """Name the provider. Without one, the hosted pages offer all; naming COGNITO as Amplify does
    would hide an existing session of a federated user.
    """
    if provider is None:
        return {}
    if isinstance(provider, str):
        return {"identity_provider": _IDENTITY_PROVIDERS.get(provider, provider)}
    return provider.parameter()


def return_from_redirect(turn: Turn, event: ReturnFromRedirect) -> Dialogue[Outcome]:
    """Redeem the code that the browser brought back, and sign in.

    Raises `RedirectAlreadyUsed`, `RedirectDenied`, `RedirectRefused`, `TokenRequestRefused` and
    `InvalidToken`. All leave the flow at its step.
    """
    pending = turn.record.redirect
    assert pending is not None
    try:
        returned = Returned.read(reveal(event.url))
        if problem := returned.problem():
            raise problem
        if pending.redeemed:
            raise RedirectAlreadyUsed("The code of this sign-in has been used; begin a new one.")
        keys = (yield from _fetch_keys(turn)) if pending.openid else None
        yield Checkpoint(turn.record.model_copy(update={"redirect": pending.used()}))
        reply = yield from _redeem(turn, pending, returned.code or "")
        yield from _check(turn, pending, reply, keys)
    except OAuthError as error:
        error.custom_state = pending.custom_state
        raise
    return signed_in(
        turn,
        reply.as_result(),
        TOKEN_OPERATION,
        hosted=True,
        custom_state=pending.custom_state,
    )


def _redeem(turn: Turn, pending: PendingRedirect, code: Secret) -> Dialogue[TokenReply]:
    request = token_request(
        turn.client,
        {
            "grant_type": "authorization_code",
            "code": reveal(code),
            "redirect_uri": pending.redirect_uri,
            "code_verifier": pending.verifier.get_secret_value(),
        },
    )
    url = _domain(turn).url + request.path
    try:
        status, content = yield Fetch("POST", url, request.headers, request.content)
    except TransportError as error:
        if error.retryable:  # nothing was sent, so the code is still good
            yield Checkpoint(turn.record)
        raise
    return read_token_reply(status, content)


def _check(
    turn: Turn, pending: PendingRedirect, reply: TokenReply, keys: Mapping[str, Any] | None
) -> Dialogue[None]:
    if not pending.openid:
        return
    if reply.id_token is None:
        raise InvalidToken("The token endpoint sent no id token, although openid was asked for.")
    if key_id(reveal(reply.id_token)) not in key_ids(keys):
        try:
            keys = yield from _fetch_keys(turn)
        except (TransportError, MalformedResponse):
            keys = None
    expected = Expected(
        issuers=_domain(turn).issuers,
        client_id=turn.client.client_id,
        nonce=pending.nonce,
        max_age=pending.max_age,
    )
    check_id_token(reply.id_token, reply.access_token, expected, now=turn.clock(), jwks=keys)


def _fetch_keys(turn: Turn) -> Dialogue[Mapping[str, Any]]:
    url = _domain(turn).keys_url
    status, content = yield Fetch("GET", url, {"accept": "application/json"})
    document = json_object(content)
    if status != 200 or document is None or not key_ids(document):
        raise MalformedResponse(
            f"an answer (status {status}) without keys from {url}",
            operation="jwks.json",
            status=status,
            retryable=True,
        )
    return document


def _domain(turn: Turn) -> HostedPages:
    domain = turn.client.hosted
    assert domain is not None, "a guard refuses the event without a domain"
    return domain
