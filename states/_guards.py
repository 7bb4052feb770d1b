"""The guards: the conditions of the transitions.

A guard has a name, which the diagram and `GuardRejected.guard` show, and a rule, which is the
sentence that a refusal shows. Guards are pure: they look at a turn and decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from auth_flow.errors import GuardRejected
from auth_flow.states._base import LONGEST_USERNAME, Secret, reveal
from auth_flow.states._events import (
    AnswerChallenge,
    AutoSignIn,
    ChooseFactor,
    ChooseMfa,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    NewPassword,
    ResendCode,
    ResetPassword,
    ReturnFromRedirect,
    SetUpEmail,
    SignIn,
    SignInWithRedirect,
    SignUp,
)
from auth_flow.states._oauth import Returned, is_redirect_uri, same_place
from auth_flow.states.steps import (
    FirstFactorSelection,
    MfaSelection,
    MfaSetupSelection,
    NewPasswordRequired,
)
from auth_flow.states.steps._factors import offered_factors

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn


@dataclass(frozen=True, slots=True)
class Guard:
    """A rule that a turn obeys or not."""

    name: str
    rule: str
    allows: Callable[[Turn], bool] = field(repr=False)

    def __call__(self, turn: Turn) -> bool:
        """Return True if the turn obeys the rule."""
        return self.allows(turn)

    def refusal(self, state: str, event: str) -> GuardRejected:
        """Return the error that refuses an event."""
        return GuardRejected(state, event, self.name, self.rule)


def guard(rule: str) -> Callable[[Callable[[Turn], bool]], Guard]:
    """Make a guard of a function, under the function's name."""

    def make(allows: Callable[[Turn], bool]) -> Guard:
        return Guard(allows.__name__, rule, allows)

    return make


def _given(secret: Secret | None) -> bool:
    return secret is not None and reveal(secret) != ""


# At any time


@guard("An answer must come before the time for it is over.")
def session_is_alive(turn: Turn) -> bool:
    return turn.record.expires_at is None or turn.now < turn.record.expires_at


# Sign in


@guard("The user who is signed in must sign out first.")
def is_signed_out(turn: Turn) -> bool:
    return not turn.record.signed_in


@guard("Signing in by SRP or by password requires a password; CUSTOM_WITHOUT_SRP takes none.")
def password_fits_options(turn: Turn) -> bool:
    assert isinstance(turn.event, SignIn)
    if turn.event.auth_flow_type == "CUSTOM_WITHOUT_SRP":
        return turn.event.password is None
    return _given(turn.event.password) or not turn.event.sign_in_options.takes_password


@guard("Signing in with a redirect requires the pool's domain: UserPool(domain=…).")
def domain_is_known(turn: Turn) -> bool:
    return turn.client.hosted is not None


@guard("A redirect URI must be https, plain http on this machine, or an app's own scheme.")
def redirect_uri_is_possible(turn: Turn) -> bool:
    assert isinstance(turn.event, SignInWithRedirect)
    return is_redirect_uri(turn.event.redirect_uri)


@guard("The URL must be the one that this sign-in's browser came back to: its state differs.")
def return_is_of_this_sign_in(turn: Turn) -> bool:
    assert isinstance(turn.event, ReturnFromRedirect)
    pending, url = turn.record.redirect, reveal(turn.event.url)
    if pending is None:
        return False
    return Returned.read(url).has_state(pending.state) and same_place(url, pending.redirect_uri)


@guard("The choice must be one of those on offer.")
def choice_is_offered(turn: Turn) -> bool:
    step = turn.record.step
    if isinstance(turn.event, ChooseFactor):
        assert isinstance(step, FirstFactorSelection)
        return turn.event.factor in offered_factors(step)
    assert isinstance(turn.event, ChooseMfa)
    assert isinstance(step, MfaSelection | MfaSetupSelection)
    return turn.event.mfa in step.allowed_mfa_types


@guard("If the password is chosen, it is asked for first and sent together with the choice.")
def chooses_password(turn: Turn) -> bool:
    assert isinstance(turn.event, ChooseFactor)
    return turn.event.factor in ("PASSWORD", "PASSWORD_SRP")


@guard("If e-mail is chosen, the address is asked for first.")
def chooses_email(turn: Turn) -> bool:
    assert isinstance(turn.event, ChooseMfa)
    return turn.event.mfa == "EMAIL"


@guard("A code by SMS or e-mail must consist of digits.")
def code_is_digits(turn: Turn) -> bool:
    assert isinstance(turn.event, EnterCode)
    return re.fullmatch(r"[0-9]{1,16}", reveal(turn.event.code)) is not None


@guard("The code of an authenticator app must have six digits.")
def code_is_six_digits(turn: Turn) -> bool:
    assert isinstance(turn.event, EnterCode)
    return re.fullmatch(r"[0-9]{6}", reveal(turn.event.code)) is not None


@guard("The password must not be empty.")
def password_is_given(turn: Turn) -> bool:
    if isinstance(turn.event, ConfirmResetPassword):
        return _given(turn.event.new_password)
    assert isinstance(turn.event, EnterPassword | NewPassword)
    return _given(turn.event.password)


@guard("Every missing attribute must come with the new password.")
def missing_attributes_are_given(turn: Turn) -> bool:
    assert isinstance(turn.event, NewPassword)
    assert isinstance(turn.record.step, NewPasswordRequired)
    given = turn.event.user_attributes or {}
    return all(given.get(name) for name in turn.record.step.missing_attributes)


@guard("The answer must not be empty.")
def answer_is_given(turn: Turn) -> bool:
    assert isinstance(turn.event, AnswerChallenge)
    return _given(turn.event.answer)


@guard("An e-mail address must have the form name@domain.")
def address_is_an_address(turn: Turn) -> bool:
    assert isinstance(turn.event, SetUpEmail)
    return re.fullmatch(r"[^@\s]+@[^@\s]+", turn.event.email) is not None


@guard("A passkey answers options of the service. If the step has none, choose WEB_AUTHN first.")
def passkey_was_asked_for(turn: Turn) -> bool:
    assert isinstance(turn.record.step, FirstFactorSelection)
    return turn.record.step.passkey_options is not None


# Accounts and passwords

_NamesUser: TypeAlias = ConfirmSignUp | ResendCode | ResetPassword | ConfirmResetPassword


@guard(f"A user name must have 1 to {LONGEST_USERNAME} characters.")
def username_is_possible(turn: Turn) -> bool:
    assert isinstance(turn.event, SignIn | SignUp | _NamesUser)
    name = turn.event.username
    return name is None or 1 <= len(name) <= LONGEST_USERNAME


@guard("If the flow does not know the user yet, the event must have a username.")
def username_is_known(turn: Turn) -> bool:
    assert isinstance(turn.event, _NamesUser)
    return turn.event.username is not None or turn.record.login_id is not None


@guard("A code must not be empty and must not contain spaces.")
def code_is_one_word(turn: Turn) -> bool:
    assert isinstance(turn.event, ConfirmSignUp | ConfirmResetPassword | EnterCode)
    return re.fullmatch(r"\S+", reveal(turn.event.code)) is not None


@guard("Signing in requires a session of the service, or a password in the flow or the event.")
def credentials_are_at_hand(turn: Turn) -> bool:
    assert isinstance(turn.event, AutoSignIn)
    if turn.record.session is not None and session_is_alive(turn):
        return True
    sign_in_options = turn.record.sign_in_options
    return (
        turn.password is not None
        or _given(turn.event.password)
        or (sign_in_options is not None and not sign_in_options.takes_password)
    )
