"""At most once: a request whose fate is unknown is never sent again.

Theory of operation
-------------------

If a worker dies, is cancelled, or loses its connection while a request is under way, only the
service knows whether it carried the request out. Sending it again could spend one of the person's
tries, reset a password twice, or answer a challenge that has already been answered. So:

1. Before the first request of an event, `at_most_once` yields a checkpoint whose record names the
   event that is being sent (`Record.unanswered`). A driver that stores checkpoints must have stored
   it before it sends the request.
2. When the reply is known, the record of the outcome no longer has this mark. If the service
   refused the request, one more checkpoint removes the mark.
3. If the next event finds the mark, the reply was lost. `check_repetition` then raises
   `FateUnknown` for an event that would send the same request.

Events that begin anew leave no mark, because repeating them does no harm: a sign-in starts a new
conversation with the service, and a code is simply sent once more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from auth_flow.errors import (
    AuthFlowError,
    FateUnknown,
    MalformedResponse,
    StoreError,
    TransportError,
)
from auth_flow.states._effects import Call, Checkpoint, Dialogue, Fetch
from auth_flow.states._guards import session_is_alive
from auth_flow.states._record import Record, Unanswered
from auth_flow.states.steps import Idle

if TYPE_CHECKING:
    from auth_flow.states._turn import Turn

T = TypeVar("T")

_BEGIN_ANEW = frozenset({"sign_in", "resend_code", "reset_password"})


def check_repetition(turn: Turn) -> None:
    """Raise `FateUnknown` if the event could repeat a request whose reply was lost.

    In a step that waits for an answer, every event that does not begin anew would use the same
    session or code again. A flow that is idle refuses the same event only.
    """
    sent, name = turn.record.unanswered, turn.event.name
    if sent is None or name in _BEGIN_ANEW:
        return
    if not isinstance(turn.record.step, Idle) or name == sent.event:
        raise FateUnknown(sent.event, sent.at)


def answered(record: Record) -> Record:
    """Return the record without the mark of a request whose reply was lost."""
    return record.model_copy(update={"unanswered": None})


def at_most_once(turn: Turn, dialogue: Dialogue[T]) -> Dialogue[T]:
    """Continue `dialogue`, with a checkpoint before its first request that names the event.

    If the event names a user, the mark keeps the name, so that a flow that was idle can go on as if
    the request had been carried out.
    """
    event, username = turn.event, getattr(turn.event, "username", None)
    begins_anew = event.name in _BEGIN_ANEW or _signs_in_anew(turn)
    mark = None if begins_anew else Unanswered(event=event.name, at=turn.now)
    # An event that begins anew leaves an earlier mark: if it fails, that reply is still unknown.
    so_far = turn.record if begins_anew else answered(turn.record)
    announced = False
    try:
        effect = next(dialogue)
        while True:
            match effect:
                case Call() | Fetch(method="POST") if not announced:
                    yield Checkpoint(_marked(so_far, mark, username), sending=event.name)
                    announced = True
                case Checkpoint():
                    so_far = effect.record
                    effect = replace(effect, record=_marked(so_far, mark), sending=event.name)
                case _:
                    pass
            replies: list[Any] = []  # no variable holds a reply: reports of errors show those
            try:
                replies.append((yield effect))
            except AuthFlowError as error:
                effect = dialogue.throw(error)
            else:
                effect = dialogue.send(replies.pop())
    except StopIteration as stop:
        outcome: T = stop.value
        return outcome
    except AuthFlowError as error:
        if announced and isinstance(error, StoreError):
            error.retryable = False  # the service has taken the event; only the store failed
        if mark and announced and not _is_lost(error):
            yield Checkpoint(so_far)
        raise
    finally:
        dialogue.close()


def _is_lost(error: AuthFlowError) -> bool:
    """Return True if the service may have carried out the request in spite of the error."""
    return isinstance(error, TransportError | MalformedResponse) and not error.retryable


def _signs_in_anew(turn: Turn) -> bool:
    """Return True if this is an automatic sign-in without the sign-up's session. That session is
    good for one use.
    """
    return turn.event.name == "auto_sign_in" and not (
        turn.record.session and session_is_alive(turn)
    )


def _marked(record: Record, mark: Unanswered | None, username: str | None = None) -> Record:
    if mark is None:
        return record
    known = record.login_id or username
    return record.model_copy(update={"unanswered": mark, "login_id": known})
