"""Forms after a request whose reply was lost: the ways on that repeat nothing.

The state machine refuses with `FateUnknown` to send such a request again. A person can sign in
again or, on the way to an account, go on as if the request had been carried out.
"""

from __future__ import annotations

from auth_flow.states._base import reveal
from auth_flow.states._events import Cancel, Event, ResendCode, SignIn
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft, Filled, Offer
from auth_flow.states.forms._english import text
from auth_flow.states.forms._fields import password_field, username_field
from auth_flow.states.forms._models import FormName, Text

FORM_OF: dict[str, FormName] = {"sign_up": "SIGN_UP", "confirm_sign_up": "CONFIRM_SIGN_UP"}
"""The form of an idle flow that an event belongs to."""


def sign_in_again(
    about: About,
    *,
    explanation: Text | None = None,
    ask_password: bool = False,
    offers: tuple[Offer, ...] = (),
) -> Draft:
    """Offer to begin the sign-in anew.

    The form has a field for the password if the sign-in takes one and the flow does not hold it.
    `ask_password` has it typed in any case, because the event that was sent may have changed it.
    """
    username = about.username
    if username is None:
        return start_again()
    options = about.sign_in_options or about.settings.sign_in_options
    held = reveal(about.password) if about.password and not ask_password else None
    asked = options.takes_password and held is None

    def sign_in(filled: Filled) -> Event:
        password = filled["password"] if asked else held
        return SignIn(
            username=username,
            password=password if options.takes_password else None,
            **dict(options),
        )

    return Draft(
        fields=(username_field(about, read_only=True), password_field()) if asked else (),
        submit=sign_in,
        submit_label=text("action.sign_in_again"),
        title=text("form.sign_in_again.title"),
        text=explanation or text("form.sign_in_again.text"),
        offers=offers,
    )


def start_again() -> Draft:
    """Offer to give the sign-in up. The sign-in form follows."""
    return Draft(
        submit=lambda _: Cancel(),
        submit_label=text("action.sign_in_again"),
        title=text("form.sign_in_again.title"),
        text=text("form.sign_in_again.text"),
        cancel=False,
    )


def ask_for_code(about: About, explanation: Text | None, *others: Offer) -> Draft:
    """Offer to have a code sent that confirms the account, which may exist by now."""
    return Draft(
        fields=(username_field(about, read_only=True),),
        submit=lambda _: ResendCode(),
        submit_label=text("action.resend_code"),
        text=explanation,
        offers=others,
    )
