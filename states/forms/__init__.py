"""Forms: every step described to a person, without markup.

`step.form(about)` returns the description, and `step.fill(values, about=…)` the event that the
answers stand for. `AuthFlow.form` and `AuthFlow.fill` know the rest of the flow and supply `about`.

::

    _models        the parts of a form, as values that travel as JSON
    _about         the state of the flow and the settings of the application
    _draft         how a step describes itself; `form` and `fill`
    _fields, _offers,
    _english       the fields, actions and texts that several forms share
    _reading       how typed values are cleaned and checked
    _problems      errors as problems at a field
    _idle          the four forms of an idle flow
    _new_passkey   the form that offers to create a passkey
    _unanswered    the forms after a request whose reply was lost
"""

from __future__ import annotations

from auth_flow.states.forms._about import About, FormSettings, PasswordRules
from auth_flow.states.forms._models import (
    Action,
    Choice,
    Exhibit,
    Field,
    Form,
    FormName,
    Problem,
    Rule,
    Text,
)
from auth_flow.states.forms._new_passkey import new_passkey_form, read_new_passkey

__all__ = [
    "About",
    "Action",
    "Choice",
    "Exhibit",
    "Field",
    "Form",
    "FormName",
    "FormSettings",
    "PasswordRules",
    "Problem",
    "Rule",
    "Text",
    "new_passkey_form",
    "read_new_passkey",
]
