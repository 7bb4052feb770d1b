"""The chart: every state and every transition, with its guards and its dialogue.

Read the tables from top to bottom. `sign_in_chart` makes a `Chart` of them.
"""

# Theory of operation
#
# There are two kinds of states. A flow rests at a step: it waits for a person, and can be stored.
# While it talks to the service, it is at work, in one of the states AUTHENTICATING, REGISTERING and
# RECOVERING. It never rests there. So most events mean two transitions:
#
#     step ──event [guards]──► work ──reply──► step
#
# `Chart.begin` takes the first one. The state machine finds the transition whose guards allow the
# event, and the transition names the dialogue to hold with the service. Nowhere else does the
# library branch on the kind of an event.
#
# `Chart.settle` checks the second one. Only the service's reply decides where it leads, so it has
# no guards. If the dialogue fails or is cancelled, the second transition never happens, and the
# flow stays at its step.
#
# If the reply asks for the proof of a remembered device, the work goes through PROVING_DEVICE and
# back, by the same table. Nothing is left for a person to answer, so callers never see it.
#
# A few events need no request, `cancel` for example. Their transitions lead from step to step.

from __future__ import annotations

from collections.abc import Iterable

from auth_flow.states import _accounts as accounts
from auth_flow.states import _guards as guards
from auth_flow.states import _redirect as redirect
from auth_flow.states import _sign_in as dialogues
from auth_flow.states._device_proof import DeviceProof
from auth_flow.states._events import (
    AnswerChallenge,
    AutoSignIn,
    Cancel,
    ChooseFactor,
    ChooseMfa,
    ConfirmResetPassword,
    ConfirmSignUp,
    EnterCode,
    EnterPassword,
    EventBase,
    NewPassword,
    PresentPasskey,
    ResendCode,
    ResetPassword,
    ReturnFromRedirect,
    SetUpEmail,
    SignIn,
    SignInWithRedirect,
    SignUp,
)
from auth_flow.states._guards import Guard
from auth_flow.states._guards import session_is_alive as alive
from auth_flow.states._machine import Chart, StartDialogue, Transition
from auth_flow.states._work import (
    AUTHENTICATING,
    PROVING_DEVICE,
    RECOVERING,
    REGISTERING,
)
from auth_flow.states.steps import (
    STEPS,
    AutoSignInReady,
    ConfirmationRequired,
    CustomChallenge,
    Done,
    EmailCode,
    EmailSetup,
    FirstFactorSelection,
    Idle,
    MfaSelection,
    MfaSetupSelection,
    NewPasswordRequired,
    PasskeyRequired,
    PasswordRequired,
    PasswordResetCode,
    PasswordResetRequired,
    RedirectRequired,
    SmsCode,
    TotpCode,
    TotpSetup,
)
from auth_flow.states.steps._base import Challenge, StepBase


def at(
    steps: type[StepBase] | Iterable[type[StepBase]],
    event: type[EventBase],
    target: str | type[StepBase],
    dialogue: StartDialogue,
    *guards: Guard,
) -> tuple[Transition, ...]:
    """Return the transitions of an event: one for each step that it leads away from."""
    sources = (steps,) if isinstance(steps, type) else steps
    leads_to = target if isinstance(target, str) else target.name
    return tuple(Transition(step.name, event.name, leads_to, guards, dialogue) for step in sources)


def answer(step: type[Challenge], event: type[EventBase], *guards: Guard) -> tuple[Transition, ...]:
    """Return the transition of an event that answers a challenge before its time is over."""
    return at(step, event, AUTHENTICATING, dialogues.answer, alive, *guards)


ANSWERS = (
    # First factors.
    *at(
        FirstFactorSelection,
        ChooseFactor,
        PasswordRequired,
        dialogues.choose_password,
        alive,
        guards.choice_is_offered,
        guards.chooses_password,
    ),
    *answer(FirstFactorSelection, ChooseFactor, guards.choice_is_offered),
    *answer(FirstFactorSelection, PresentPasskey, guards.passkey_was_asked_for),
    *answer(PasswordRequired, EnterPassword, guards.password_is_given),
    *at(
        PasskeyRequired,
        ChooseFactor,
        PasswordRequired,
        dialogues.choose_password,
        alive,
        guards.chooses_password,
    ),
    *answer(PasskeyRequired, ChooseFactor),
    *answer(PasskeyRequired, PresentPasskey),
    *answer(
        NewPasswordRequired,
        NewPassword,
        guards.password_is_given,
        guards.missing_attributes_are_given,
    ),
    *answer(CustomChallenge, AnswerChallenge, guards.answer_is_given),
    # Codes, as first factor or as second.
    *answer(SmsCode, EnterCode, guards.code_is_digits),
    *answer(EmailCode, EnterCode, guards.code_is_digits),
    *answer(TotpCode, EnterCode, guards.code_is_six_digits),
    # Second factors: which one, and setting one up.
    *answer(MfaSelection, ChooseMfa, guards.choice_is_offered),
    *at(
        MfaSetupSelection,
        ChooseMfa,
        EmailSetup,
        dialogues.choose_email,
        alive,
        guards.choice_is_offered,
        guards.chooses_email,
    ),
    *answer(MfaSetupSelection, ChooseMfa, guards.choice_is_offered),
    *answer(EmailSetup, SetUpEmail, guards.address_is_an_address),
    *answer(TotpSetup, EnterCode, guards.code_is_six_digits),
)
"""The events that answer a challenge."""

REDIRECT = at(
    RedirectRequired,
    ReturnFromRedirect,
    AUTHENTICATING,
    redirect.return_from_redirect,
    guards.return_is_of_this_sign_in,
    alive,
)
"""The event that continues a sign-in in a browser."""

_NAMED = (guards.username_is_possible, guards.username_is_known)
_CREDENTIALS = (guards.username_is_possible, guards.password_fits_options)
_BROWSER = (guards.domain_is_known, guards.redirect_uri_is_possible)

ACCOUNTS = (
    *at(Idle, SignUp, REGISTERING, accounts.sign_up, guards.username_is_possible),
    *at(
        ConfirmationRequired,
        EnterCode,
        REGISTERING,
        accounts.confirm_sign_up,
        guards.code_is_one_word,
    ),
    *at(
        (Idle, ConfirmationRequired),
        ConfirmSignUp,
        REGISTERING,
        accounts.confirm_sign_up,
        *_NAMED,
        guards.code_is_one_word,
    ),
    *at((Idle, ConfirmationRequired), ResendCode, REGISTERING, accounts.resend_code, *_NAMED),
    *at(PasswordResetCode, ResendCode, RECOVERING, accounts.reset_password, *_NAMED),
    *at(
        AutoSignInReady,
        AutoSignIn,
        AUTHENTICATING,
        dialogues.auto_sign_in,
        guards.credentials_are_at_hand,
    ),
    *at((Idle, PasswordResetRequired), ResetPassword, RECOVERING, accounts.reset_password, *_NAMED),
    *at(
        (Idle, PasswordResetCode),
        ConfirmResetPassword,
        RECOVERING,
        accounts.confirm_reset_password,
        *_NAMED,
        guards.code_is_one_word,
        guards.password_is_given,
    ),
)
"""The events that put an account or a password in order."""


def sign_in_chart(steps: Iterable[type[StepBase]], answers: tuple[Transition, ...]) -> Chart:
    """Return the chart of these steps. `answers` are the transitions that answer a challenge."""
    steps = tuple(steps)
    unfinished = [step for step in steps if step is not Done]
    challenges = [step for step in steps if issubclass(step, Challenge)]
    transitions = (
        *at(unfinished, SignIn, AUTHENTICATING, dialogues.sign_in, *_CREDENTIALS),
        *at(Done, SignIn, AUTHENTICATING, dialogues.sign_in, guards.is_signed_out, *_CREDENTIALS),
        *at(
            unfinished,
            SignInWithRedirect,
            RedirectRequired,
            redirect.sign_in_with_redirect,
            *_BROWSER,
        ),
        *at(
            Done,
            SignInWithRedirect,
            RedirectRequired,
            redirect.sign_in_with_redirect,
            guards.is_signed_out,
            *_BROWSER,
        ),
        *answers,
        *REDIRECT,
        *ACCOUNTS,
        *at(unfinished, Cancel, Idle, dialogues.cancel),
    )
    replies: dict[str, Iterable[type[StepBase] | type[DeviceProof]]] = {
        AUTHENTICATING: (
            *challenges,
            DeviceProof,
            ConfirmationRequired,
            PasswordResetRequired,
            AutoSignInReady,  # its password was wrong
            Done,
            Idle,
        ),
        REGISTERING: (ConfirmationRequired, AutoSignInReady, Done),
        RECOVERING: (PasswordResetCode, AutoSignInReady, Done),
    }
    timed = [step for step in steps if issubclass(step, Challenge | RedirectRequired)]
    leaps: dict[str, tuple[str, ...]] = {
        **{step.name: (Done.name,) for step in steps},  # tokens were obtained elsewhere
        **{step.name: (Done.name, Idle.name) for step in timed},  # the time is over
        Done.name: (Done.name, Idle.name),  # the session has ended
    }
    return Chart(
        steps,
        transitions,
        replies={
            **{work: tuple(step.name for step in targets) for work, targets in replies.items()},
            PROVING_DEVICE: (AUTHENTICATING,),
        },
        leaps=leaps,
    )


CHART = sign_in_chart(STEPS.values(), ANSWERS)
"""The chart of the steps in `STEPS`."""
