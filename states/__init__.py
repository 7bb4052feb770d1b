"""The half of the library that does no I/O: steps, events, guards, the chart, and the dialogues.

Nothing here reads a clock. `auth_flow.states.chart` is the state machine.
"""

from __future__ import annotations

from auth_flow.states import _events, steps
from auth_flow.states._events import *  # noqa: F403
from auth_flow.states._events import EVENTS, EventBase
from auth_flow.states._record import Record
from auth_flow.states.forms import Form, FormSettings, PasswordRules
from auth_flow.states.steps import *  # noqa: F403
from auth_flow.states.steps import STEPS
from auth_flow.states.steps._base import StepBase

__all__ = [
    "EVENTS",
    "STEPS",
    "EventBase",
    "Form",
    "FormSettings",
    "PasswordRules",
    "Record",
    "StepBase",
]
__all__ += _events.__all__
__all__ += steps.__all__
