"""The context of a form: the state of the flow, and the settings of the application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from auth_flow.errors import AuthFlowError
from auth_flow.states._events import Provider, SignInOptions
from auth_flow.states.forms._english import text
from auth_flow.states.forms._models import FormName, Rule, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRules:
    """The password policy of the user pool. The names are those of Cognito's `PasswordPolicyType`.

    A form shows the rules before a password is typed, and `fill` checks them.
    """

    minimum_length: int = 8
    require_lowercase: bool = True
    require_uppercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True

    def rules(self) -> tuple[Rule, ...]:
        """Return the policy as rules of a field."""
        length = Rule(
            text=text("rule.length", length=str(self.minimum_length)),
            pattern=rf"^[\s\S]{{{self.minimum_length},}}$",
        )
        classes = {
            "lowercase": (self.require_lowercase, "[a-z]"),
            "uppercase": (self.require_uppercase, "[A-Z]"),
            "numbers": (self.require_numbers, "[0-9]"),
            "symbols": (self.require_symbols, _SYMBOL),
        }
        return (
            length,
            *(
                Rule(text=text(f"rule.{name}"), pattern=pattern)
                for name, (required, pattern) in classes.items()
                if required
            ),
        )


_SYMBOL = r"""[\^\$\*\.\[\]\{\}\(\)\?"!@#%&\/\\,><':;\|_~`=\+\-]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSettings:
    """The settings of an application for the forms of its flows.

    `sign_in_options` is how the forms SIGN_IN and SIGN_UP sign in. SIGN_UP asks for
    `required_attributes` and `optional_attributes`; with `auto_sign_in` the flow goes on to sign in
    once the account is confirmed. Without `password_policy` a form shows one hint and no rules.
    `country_code` (such as "+44") completes phone numbers that were typed without one.
    `resend_delay` is how many seconds have to pass before a code may be sent again.
    With a `redirect_uri`, SIGN_IN offers a redirect to each of the `providers`.
    `custom_question` returns the text to show for the public parameters of a custom challenge.
    """

    sign_in_options: SignInOptions = field(default_factory=SignInOptions)
    required_attributes: tuple[str, ...] = ()
    optional_attributes: tuple[str, ...] = ("email", "phone_number")
    auto_sign_in: bool = True
    password_policy: PasswordRules | None = None
    country_code: str | None = None
    resend_delay: float = 30.0
    redirect_uri: str | None = None
    providers: tuple[Provider, ...] = ()
    custom_question: Callable[[Mapping[str, str]], Text] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The state of a flow, as far as forms depend on it. `AuthFlow.form` and `fill` supply it.

    `form` chooses among the forms of an idle flow. `now`, `expires_at` and `sent_at` (the time when
    the latest code was sent) are in seconds since the epoch. `password` is the one that the flow
    still holds, and `password_needed` whether COMPLETE_AUTO_SIGN_IN has to ask for it. `error` is
    the last error, raised by the event `failed`; `values` are the values that were typed before it.
    `unanswered` is the name of an event that was sent and whose reply was lost.
    """

    form: FormName = "SIGN_IN"
    instance: str = ""
    username: str | None = None
    challenge: str | None = None
    sign_in_options: SignInOptions | None = None
    now: float = 0.0
    expires_at: float | None = None
    sent_at: float | None = None
    password: SecretStr | None = field(default=None, repr=False)
    password_needed: bool = True
    error: AuthFlowError | None = None
    failed: str | None = None
    unanswered: str | None = None
    values: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    settings: FormSettings = field(default_factory=FormSettings)


NOTHING_KNOWN = About()
