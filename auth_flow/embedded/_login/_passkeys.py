"""/passkeys/add: a person who is signed in creates a passkey.

An application sends its users here with `client_id` and `redirect_uri`. After a sign-up the page
has all parameters of /oauth2/authorize, and leads there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_flow.embedded._fault import Fault
from auth_flow.embedded._http import HttpRequest, Response
from auth_flow.embedded._login._arrival import ADD_PASSKEY
from auth_flow.embedded._login._authorize import check_redirect_uri, client_named_by
from auth_flow.embedded._login._cookies import browser_session
from auth_flow.embedded._login._errors import PageError, redirect, with_query
from auth_flow.embedded._login._html import form_page, refuse_foreign_post
from auth_flow.embedded._models import Client, User
from auth_flow.embedded._passkeys import creation_options, register
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.errors import AuthFlowError, GuardRejected, ServiceError
from auth_flow.states._passkeys import CreationOptions
from auth_flow.states.forms import new_passkey_form, read_new_passkey

if TYPE_CHECKING:
    from auth_flow.embedded._app import EmbeddedCognito

ANSWERS = ("credential", "action", "token")
"""The fields of the form. All others are parameters of the page."""


@dataclass(frozen=True)
class Visit:
    """A user at the page, and the place to go next."""

    pool: EmbeddedUserPool
    client: Client
    user: User
    parameters: dict[str, str]

    @classmethod
    def of(
        cls, service: EmbeddedCognito, request: HttpRequest, parameters: Mapping[str, str]
    ) -> Visit:
        """Return the visit of a browser that is signed in."""
        given = {name: text for name, text in parameters.items() if name not in ANSWERS}
        pool, client = client_named_by(service, given)
        given["redirect_uri"] = check_redirect_uri(client, given.get("redirect_uri"))
        known = browser_session(pool, request.headers)
        if known is None:
            raise PageError(
                "login_required",
                "Only a user who is signed in can create a passkey. Go back to the application and "
                "sign in.",
                401,
            )
        return cls(pool, client, known[0], given)

    def page(self, error: AuthFlowError | None = None) -> Response:
        """Return the page, with the options of a new registration."""
        try:
            options = creation_options(self.pool, self.client, self.user)
        except Fault as fault:
            raise PageError("invalid_request", fault.message) from fault
        form = new_passkey_form(CreationOptions.model_validate(options), error=error)
        return form_page(form, post_to=ADD_PASSKEY, hidden=self.parameters)

    def leave(self) -> Response:
        """Return to the application; by /oauth2/authorize if it waits for a code or tokens."""
        if "response_type" in self.parameters:
            return redirect(with_query("/oauth2/authorize", {**self.parameters}))
        return redirect(self.parameters["redirect_uri"])


async def show(service: EmbeddedCognito, request: HttpRequest) -> Response:
    """Offer to create a passkey."""
    return Visit.of(service, request, request.query).page()


async def answer(service: EmbeddedCognito, request: HttpRequest) -> Response:
    """Keep the passkey that the browser has created, or go on without one."""
    refuse_foreign_post(request)
    values = request.form
    visit = Visit.of(service, request, values)
    if values.get("action") == "cancel":
        return visit.leave()
    try:
        register(visit.pool, visit.client, visit.user, read_new_passkey(values).to_json())
    except GuardRejected as refusal:
        return visit.page(refusal)
    except Fault as fault:
        operation = "CompleteWebAuthnRegistration"
        error = ServiceError.of(fault.name, fault.message, operation=operation, status=fault.status)
        return visit.page(error)
    return visit.leave()
