"""The chart: every state, every transition, every guard. This file alone owns the state machine.

States at rest are the steps: a flow stands in one of them, waits for a person, and can be put away.
While a request is under way, the flow is in one of three working states; it never rests there. So
every event is two transitions: one, guarded, from the step to the work it causes, and one from the
work to the step that Cognito's reply leads to. Where the work fails, or is cancelled, the second
never happens and the flow stands where it stood.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from statemachine import State, StateChart
from statemachine.exceptions import TransitionNotAllowed

from auth_flow.errors import EventNotAccepted, GuardRejected
from auth_flow.states import _guards as guards
from auth_flow.states._events import EVENTS, Answer
from auth_flow.states._guards import GuardContext
from auth_flow.states._guards import session_is_alive as alive
from auth_flow.states.steps import STEPS, Question


class SignInChart(StateChart[object]):
    """Signing in to Cognito, with all that may come before and in between."""

    # The lax settings would swallow errors, and enter the target state all the same.
    allow_event_without_transition = False
    catch_errors_as_events = False
    atomic_configuration_update = True
    enable_self_transition_entries = False

    # States at rest
    idle = State(value="IDLE", initial=True)

    # First factors.
    factor_selection = State(value="CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION")
    password = State(value="CONFIRM_SIGN_IN_WITH_PASSWORD")
    passkey = State(value="CONFIRM_SIGN_IN_WITH_PASSKEY")
    new_password_required = State(value="CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED")
    custom_challenge = State(value="CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE")

    # Codes, as first factor or as second.
    sms_code = State(value="CONFIRM_SIGN_IN_WITH_SMS_CODE")
    email_code = State(value="CONFIRM_SIGN_IN_WITH_EMAIL_CODE")
    totp_code = State(value="CONFIRM_SIGN_IN_WITH_TOTP_CODE")

    # Second factors: which one, and setting one up.
    mfa_selection = State(value="CONTINUE_SIGN_IN_WITH_MFA_SELECTION")
    mfa_setup_selection = State(value="CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION")
    email_setup = State(value="CONTINUE_SIGN_IN_WITH_EMAIL_SETUP")
    totp_setup = State(value="CONTINUE_SIGN_IN_WITH_TOTP_SETUP")

    # Accounts and passwords.
    confirmation = State(value="CONFIRM_SIGN_UP")
    auto_sign_in_ready = State(value="COMPLETE_AUTO_SIGN_IN")
    reset_required = State(value="RESET_PASSWORD")
    reset_code = State(value="CONFIRM_RESET_PASSWORD_WITH_CODE")

    done = State(value="DONE")

    # States at work
    authenticating = State(
        value="AUTHENTICATING"
    )  # InitiateAuth, RespondToAuthChallenge and what belongs to them
    registering = State(value="REGISTERING")  # SignUp, ConfirmSignUp, ResendConfirmationCode
    recovering = State(value="RECOVERING")  # ForgotPassword, ConfirmForgotPassword

    _challenges = (
        *(factor_selection, password, passkey, new_password_required, custom_challenge),
        *(sms_code, email_code, totp_code),
        *(mfa_selection, mfa_setup_selection, email_setup, totp_setup),
    )
    _unfinished = (idle, *_challenges, confirmation, auto_sign_in_ready, reset_required, reset_code)

    # What a caller says: to begin
    sign_in = authenticating.from_(*_unfinished, cond=guards.password_fits_options) | done.to(
        authenticating, cond=[guards.is_signed_out, guards.password_fits_options]
    )
    sign_up = idle.to(registering)

    # What a caller says: to answer a challenge
    enter_code = (
        authenticating.from_(sms_code, email_code, cond=[alive, guards.code_is_digits])
        | authenticating.from_(totp_code, totp_setup, cond=[alive, guards.code_is_six_digits])
        | confirmation.to(registering, cond=guards.code_is_one_word)
    )
    choose_mfa = (
        mfa_selection.to(authenticating, cond=[alive, guards.choice_is_offered])
        | mfa_setup_selection.to(
            email_setup, cond=[alive, guards.choice_is_offered, guards.chooses_email]
        )
        | mfa_setup_selection.to(authenticating, cond=[alive, guards.choice_is_offered])
    )
    choose_factor = (
        factor_selection.to(
            password, cond=[alive, guards.choice_is_offered, guards.chooses_password]
        )
        | factor_selection.to(authenticating, cond=[alive, guards.choice_is_offered])
        | passkey.to(password, cond=[alive, guards.chooses_password])
        | passkey.to(authenticating, cond=alive)
    )
    enter_password = password.to(authenticating, cond=[alive, guards.password_is_given])
    new_password = new_password_required.to(
        authenticating, cond=[alive, guards.password_is_given, guards.missing_attributes_are_given]
    )
    answer_challenge = custom_challenge.to(authenticating, cond=[alive, guards.answer_is_given])
    set_up_email = email_setup.to(authenticating, cond=[alive, guards.address_is_an_address])
    present_passkey = passkey.to(authenticating, cond=[alive, guards.credential_is_an_assertion])

    # What a caller says: accounts and passwords
    confirm_sign_up = registering.from_(
        idle, confirmation, cond=[guards.username_is_known, guards.code_is_one_word]
    )
    resend_code = registering.from_(
        idle, confirmation, cond=guards.username_is_known
    ) | reset_code.to(recovering, cond=guards.username_is_known)
    auto_sign_in = auto_sign_in_ready.to(authenticating, cond=guards.credentials_are_at_hand)
    reset_password = recovering.from_(idle, reset_required, cond=guards.username_is_known)
    confirm_reset_password = recovering.from_(
        idle,
        reset_code,
        cond=[guards.username_is_known, guards.code_is_one_word, guards.password_is_given],
    )

    # What a caller says: to end
    cancel = idle.from_(*_unfinished)

    # What a reply leads to
    asked_to_choose_factor = authenticating.to(factor_selection)
    asked_for_password = authenticating.to(password)
    asked_for_passkey = authenticating.to(passkey)
    asked_for_new_password = authenticating.to(new_password_required)
    asked_custom_challenge = authenticating.to(custom_challenge)
    asked_for_sms_code = authenticating.to(sms_code)
    asked_for_email_code = authenticating.to(email_code)
    asked_for_totp_code = authenticating.to(totp_code)
    asked_to_choose_mfa = authenticating.to(mfa_selection)
    asked_to_choose_mfa_setup = authenticating.to(mfa_setup_selection)
    asked_to_set_up_email = authenticating.to(email_setup)
    asked_to_set_up_totp = authenticating.to(totp_setup)
    asked_for_confirmation = authenticating.to(confirmation) | registering.to(confirmation)
    asked_for_reset = authenticating.to(reset_required)
    asked_for_reset_code = recovering.to(reset_code)
    finished = authenticating.to(done) | registering.to(done) | recovering.to(done)
    account_ready = registering.to(auto_sign_in_ready) | recovering.to(auto_sign_in_ready)

    # When it is over before it is done
    ended = idle.from_(authenticating, *_challenges, done)
    session_restored = done.from_(*_unfinished, done)


class Transition(NamedTuple):
    """One arrow of the chart."""

    source: str
    event: str
    guards: tuple[str, ...]
    target: str


TRANSITIONS: tuple[Transition, ...] = tuple(
    Transition(source.value, event.id, tuple(str(guard) for guard in arrow.cond), target.value)
    for source in SignInChart.states
    for arrow in source.transitions
    for target in arrow.targets
    for event in arrow.events
)
"""The chart as a table, in the order of its declaration."""

_OUTCOMES = {(arrow.source, arrow.target) for arrow in TRANSITIONS if arrow.event not in EVENTS}


def accepts(state: str) -> tuple[str, ...]:
    """Return the names of the events that a state has transitions for, whatever their guards
    say.
    """
    names = dict.fromkeys(
        arrow.event for arrow in TRANSITIONS if arrow.source == state and arrow.event in EVENTS
    )
    typed = (Answer.name,) if issubclass(STEPS[state], Question) else ()
    return (*typed, *names)


def begin(ask: GuardContext) -> str:
    """Put an event to the chart, and return the state it leads to: the work to be done, or at once
    the next step.

    Raises `EventNotAccepted` and `GuardRejected`.
    """
    machine = _machine()
    machine.current_state_value = ask.record.state
    try:
        machine.send(ask.event.name, ask=ask)  # pyright: ignore[reportUnknownMemberType]
    except TransitionNotAllowed:
        raise _refusal(ask) from None
    return str(machine.current_state_value)


def settle(source: str, target: str) -> None:
    """Take the transition that no caller asks for: from work, or from a step that is over, to a
    step.

    No guard stands on these arrows, so there is nothing for the machine to decide. Its table is
    asked: a hundredth of the cost. Raises `EventNotAccepted` where the chart has no such arrow.
    """
    if (source, target) not in _OUTCOMES:
        raise EventNotAccepted(source, target, ())


def _machine() -> SignInChart:
    """The thread's machine, made at its first event: it is borrowed for one transition, so that a
    flow at rest needs none.
    """
    try:
        machine: SignInChart = _own.machine
    except AttributeError:
        machine = _own.machine = SignInChart()
    return machine


_own = threading.local()


def _refusal(ask: GuardContext) -> EventNotAccepted | GuardRejected:
    """Say why: there is no such arrow, or which guard of the last one says no."""
    state, event = ask.record.state, ask.event.name
    arrows = [arrow for arrow in TRANSITIONS if arrow.source == state and arrow.event == event]
    if not arrows:
        return EventNotAccepted(state, event, accepts(state))
    guard = next(
        guard for guard in map(vars(guards).__getitem__, arrows[-1].guards) if not guard(ask)
    )
    return GuardRejected(state, event, guard.__name__, guard.__doc__ or "")
