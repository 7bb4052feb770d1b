"""The form that offers a signed-in user to create a passkey. It belongs to no step of a flow."""

from __future__ import annotations

from collections.abc import Mapping

from auth_flow.errors import AuthFlowError, GuardRejected
from auth_flow.states._passkeys import CreationOptions, RegistrationResponse
from auth_flow.states.forms._about import About
from auth_flow.states.forms._english import text
from auth_flow.states.forms._fields import passkey_field
from auth_flow.states.forms._models import Action, Form, Problem
from auth_flow.states.forms._problems import with_problems
from auth_flow.states.forms._reading import read_passkey

_NAME, _FIELD = "NEW_PASSKEY", "credential"


def new_passkey_form(options: CreationOptions, *, error: AuthFlowError | None = None) -> Form:
    """Return the form that offers to create a passkey.

    `options` are those of `Session.start_passkey_registration`. `error` is the one that the last
    try ended with. The actions are `submit` and `cancel`.
    """
    form = Form(
        name=_NAME,
        token="",
        title=text("form.new_passkey.title"),
        text=text("form.new_passkey.text"),
        fields=(passkey_field(options),),
        actions=(
            Action(name="submit", label=text("action.create_passkey"), role="submit"),
            Action(name="cancel", label=text("action.no_passkey"), role="leave"),
        ),
    )
    return with_problems(form, About(error=error))


def read_new_passkey(values: Mapping[str, object]) -> RegistrationResponse:
    """Return the credential that was filled in, for `Session.complete_passkey_registration`.

    Raises `GuardRejected` if the browser gave none, or one that is incomplete. Its `problems` say
    why.
    """
    found = read_passkey(RegistrationResponse, values.get(_FIELD))
    if isinstance(found, Problem):
        problems = {_FIELD: found}
        raise GuardRejected(_NAME, "submit", "form_is_filled_in", str(found), problems=problems)
    return found
