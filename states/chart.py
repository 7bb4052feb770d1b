"""The chart: every state, every transition, every guard, and the dialogue that each transition stands for.

The tables below are read from top to bottom; `sign_in_chart` makes a `Chart` of them, which alone
uses the state machine.
"""

# Theory of operation
#
# The states are of two kinds. A flow rests at a step: it waits for a person, and can be stored.
# While it talks to the service it is at work, in one of the three states AUTHENTICATING,
# REGISTERING and RECOVERING, and it never rests there. So an event usually means two transitions:
#
#   step ──event [guards]──► work ──reply──► step
#
# `begin` takes the first. It is the only place where the library decides what an event does: the
# machine finds the transition whose guards allow it, and the transition names the dialogue to hold. `settle`
# checks the second, which depends on the service's reply and therefore has no guards. If the
# dialogue fails or is cancelled, there is no second transition, and the flow stands where it stood.
#
# A few events need no request, such as `cancel`. Their transitions lead from step to step.

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import new_class
from typing import TYPE_CHECKING, Any, TypeAlias

from statemachine import State, StateChart
from statemachine.exceptions import TransitionNotAllowed
from statemachine.transition_list import TransitionList

from auth_flow.errors import EventNotAccepted, GuardRejected, SessionExpired, UnexpectedStep
from auth_flow.states import _accounts as accounts
from auth_flow.states import _guards as guards
from auth_flow.states import _redirect as redirect
from auth_flow.states import _sign_in as dialogues
from auth_flow.states._effects import Dialogue, Outcome
from auth_flow.states._events import (
    Answer,
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
    Question,
    RedirectRequired,
    SmsCode,
    TotpCode,
    TotpSetup,
)
from auth_flow.states.steps._base import Challenge, StepBase

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn

Talk: TypeAlias = "Callable[[Turn, Any], Dialogue[Outcome]]"
Steps: TypeAlias = "Iterable[type[StepBase]]"

AUTHENTICATING = "AUTHENTICATING"  # InitiateAuth, RespondToAuthChallenge and what belongs to them
REGISTERING = "REGISTERING"  # SignUp, ConfirmSignUp, ResendConfirmationCode
RECOVERING = "RECOVERING"  # ForgotPassword, ConfirmForgotPassword

WORK = (AUTHENTICATING, REGISTERING, RECOVERING)
"""The states in which a request is under way."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One transition that an event causes.

    It leads from a step to the work that the event means, or straight to the next step if nothing
    has to be sent. `dialogue` is what is said in between.
    """

    source: str
    event: str
    target: str
    guards: tuple[Guard, ...]
    dialogue: Talk = field(repr=False)


def at(
    steps: type[StepBase] | Steps,
    event: type[EventBase],
    target: str | type[StepBase],
    dialogue: Talk,
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
        *(alive, guards.choice_is_offered, guards.chooses_password),
    ),
    *answer(FirstFactorSelection, ChooseFactor, guards.choice_is_offered),
    *answer(PasswordRequired, EnterPassword, guards.password_is_given),
    *at(
        PasskeyRequired,
        ChooseFactor,
        PasswordRequired,
        dialogues.choose_password,
        *(alive, guards.chooses_password),
    ),
    *answer(PasskeyRequired, ChooseFactor),
    *answer(PasskeyRequired, PresentPasskey, guards.credential_is_an_assertion),
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
        *(alive, guards.choice_is_offered, guards.chooses_email),
    ),
    *answer(MfaSetupSelection, ChooseMfa, guards.choice_is_offered),
    *answer(EmailSetup, SetUpEmail, guards.address_is_an_address),
    *answer(TotpSetup, EnterCode, guards.code_is_six_digits),
)
"""How challenges are answered."""

AWAY = (guards.domain_is_known, guards.redirect_uri_is_possible)

REDIRECT = at(
    RedirectRequired,
    ReturnFromRedirect,
    AUTHENTICATING,
    redirect.return_from_redirect,
    *(guards.return_is_of_this_sign_in, alive),
)
"""How the browser comes back."""

named = (guards.username_is_possible, guards.username_is_known)
credentials = (guards.username_is_possible, guards.password_fits_options)

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
        *(*named, guards.code_is_one_word),
    ),
    *at(
        (Idle, ConfirmationRequired),
        ResendCode,
        REGISTERING,
        accounts.resend_code,
        *named,
    ),
    *at(PasswordResetCode, ResendCode, RECOVERING, accounts.reset_password, *named),
    *at(
        AutoSignInReady,
        AutoSignIn,
        AUTHENTICATING,
        dialogues.auto_sign_in,
        guards.credentials_are_at_hand,
    ),
    *at(
        (Idle, PasswordResetRequired),
        ResetPassword,
        RECOVERING,
        accounts.reset_password,
        *named,
    ),
    *at(
        (Idle, PasswordResetCode),
        ConfirmResetPassword,
        RECOVERING,
        accounts.confirm_reset_password,
        *(*named, guards.code_is_one_word, guards.password_is_given),
    ),
)
"""What brings accounts and passwords in order."""


def sign_in_chart(steps: Steps, answers: tuple[Transition, ...]) -> Chart:
    """Return the chart of these steps. `answers` are the transitions that answer a challenge."""
    steps = tuple(steps)
    unfinished = [step for step in steps if step is not Done]
    challenges = [step for step in steps if issubclass(step, Challenge)]
    transitions = (
        *at(
            unfinished,
            SignIn,
            AUTHENTICATING,
            dialogues.sign_in,
            *credentials,
        ),
        *at(
            Done,
            SignIn,
            AUTHENTICATING,
            dialogues.sign_in,
            *(guards.is_signed_out, *credentials),
        ),
        *at(
            unfinished,
            SignInWithRedirect,
            RedirectRequired,
            redirect.sign_in_with_redirect,
            *AWAY,
        ),
        *at(
            Done,
            SignInWithRedirect,
            RedirectRequired,
            redirect.sign_in_with_redirect,
            *(guards.is_signed_out, *AWAY),
        ),
        *answers,
        *REDIRECT,
        *ACCOUNTS,
        *at(unfinished, Cancel, Idle, dialogues.cancel),
    )
    replies: dict[str, Steps] = {
        AUTHENTICATING: (
            *challenges,
            ConfirmationRequired,
            PasswordResetRequired,
            AutoSignInReady,  # its password was wrong
            Done,
            Idle,
        ),
        REGISTERING: (ConfirmationRequired, AutoSignInReady, Done),
        RECOVERING: (PasswordResetCode, AutoSignInReady, Done),
    }
    leaps: dict[str, tuple[str, ...]] = {
        **{step.name: (Done.name,) for step in steps},  # tokens were obtained elsewhere
        **{step.name: (Done.name, Idle.name) for step in challenges},  # the time is over
        RedirectRequired.name: (Done.name, Idle.name),  # likewise
        Done.name: (Done.name, Idle.name),  # the session has ended
    }
    return Chart(
        steps,
        transitions,
        replies={work: tuple(step.name for step in targets) for work, targets in replies.items()},
        leaps=leaps,
    )


class Chart:
    """The transitions between a number of steps, and the state machine that they make."""

    def __init__(
        self,
        steps: Steps,
        transitions: tuple[Transition, ...],
        replies: dict[str, tuple[str, ...]],
        leaps: dict[str, tuple[str, ...]],
    ) -> None:
        self.steps = {step.name: step for step in steps}
        self.challenges = {
            challenge: step
            for step in self.steps.values()
            if issubclass(step, Challenge)
            for challenge in step.challenges
        }
        """The step that stands for each of Cognito's challenge names."""
        self.transitions = transitions
        self.replies = replies
        """The steps that the service's replies can lead to, for each kind of work."""
        self.leaps = leaps
        """The steps that a flow can leap to from each step without an event of the caller's."""
        self._taken = {
            (transition.source, transition.event, transition.target): transition
            for transition in transitions
        }
        self._machine_class = _machine_class(self.steps, transitions, replies)
        self._own = threading.local()

    def accepts(self, state: str) -> tuple[str, ...]:
        """Return the names of the events that have a transition from a state, whatever their guards
        say.
        """
        names = dict.fromkeys(
            transition.event for transition in self.transitions if transition.source == state
        )
        typed = (Answer.name,) if issubclass(self.steps[state], Question) else ()
        return (*typed, *names)

    def begin(self, turn: Turn) -> Transition:
        """Return the transition that an event takes.

        Raises `EventNotAccepted` if the state has none for it, `GuardRejected` if a guard refuses
        it, and `SessionExpired` if it answers a challenge too late.
        """
        source, event = turn.record.state, turn.event.name
        machine = self._machine()
        machine.current_state_value = source
        try:
            machine.send(event, turn=turn)  # pyright: ignore[reportUnknownMemberType]
        except TransitionNotAllowed:
            raise self._refusal(turn) from None
        return self._taken[source, event, str(machine.current_state_value)]

    def settle(self, source: str, target: str) -> None:
        """Check the transition that no event of the caller's causes: from work to a step, or from a
        step that is over.

        No guard stands on these transitions, so there is nothing for the machine to decide; asking the
        table takes a hundredth of the time. Raises `UnexpectedStep` if there is no such transition.
        """
        if target not in self.replies.get(source, ()) and target not in self.leaps.get(source, ()):
            raise UnexpectedStep(source, target)

    def _machine(self) -> StateChart[object]:
        """Return the thread's machine. It is made at the thread's first event and borrowed for one
        transition, so a flow at rest needs none.
        """
        try:
            machine: StateChart[object] = self._own.machine
        except AttributeError:
            machine = self._own.machine = self._machine_class()
        return machine

    def _refusal(self, turn: Turn) -> EventNotAccepted | GuardRejected | SessionExpired:
        """Return why no transition was taken: there is none, or a guard of the last one refuses."""
        state, event = turn.record.state, turn.event.name
        transitions = [one for one in self.transitions if (one.source, one.event) == (state, event)]
        if not transitions:
            return EventNotAccepted(state, event, self.accepts(state))
        guard = next(guard for guard in transitions[-1].guards if not guard(turn))
        if guard is alive:
            return SessionExpired()
        return GuardRejected(state, event, guard.name, guard.rule)


def _machine_class(
    steps: Iterable[str], transitions: tuple[Transition, ...], replies: dict[str, tuple[str, ...]]
) -> type[StateChart[object]]:
    states = {name: State(value=name, initial=name == Idle.name) for name in (*steps, *replies)}
    events: dict[str, TransitionList] = {}
    for transition in transitions:
        leads = states[transition.source].to(
            states[transition.target], cond=[guard.allows for guard in transition.guards]
        )
        events[transition.event] = (
            events[transition.event] | leads if transition.event in events else leads
        )
    for source, targets in replies.items():
        leads = states[source].to(*(states[target] for target in targets))
        events["reply"] = events["reply"] | leads if "reply" in events else leads
    strict = {
        # The lax settings would swallow errors, and enter the target state all the same.
        "allow_event_without_transition": False,
        "catch_errors_as_events": False,
        "atomic_configuration_update": True,
        "enable_self_transition_entries": False,
    }
    machine: type[StateChart[object]] = new_class(
        "SignInChart",
        (StateChart,),
        exec_body=lambda names: names.update({**states, **events, **strict}),
    )
    return machine


CHART = sign_in_chart(STEPS.values(), ANSWERS)
"""The chart of the steps in `STEPS`."""
