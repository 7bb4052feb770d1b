"""Sign-ins under way in a browser.

An attempt lives in memory, for an hour at most: it holds a flow, which may hold a password. The
browser knows it by a random id, in the address and in the form, so several tabs do not disturb each
other. A cookie binds it to the browser that began it.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from auth_flow import AuthFlow
from auth_flow.embedded._hosted import as_managed_login
from auth_flow.embedded._levels import Method
from auth_flow.embedded._login_models import AuthorizeRequest
from auth_flow.errors import AuthFlowError, GuardRejected
from auth_flow.states.forms import FormName
from auth_flow.states.steps import Idle

LIFETIME = 3600
"""Seconds after which an attempt is forgotten."""

MOST_ATTEMPTS = 1000
"""Attempts that are kept; the oldest one is forgotten first."""

GOES: dict[str, FormName] = {
    "go:sign_in": "SIGN_IN",
    "go:sign_up": "SIGN_UP",
    "go:forgot_password": "FORGOT_PASSWORD",
    "go:confirm_sign_up": "CONFIRM_SIGN_UP",
}
"""The forms that actions lead to."""


@dataclass
class BrowserSignIn:
    """A sign-in for an application. `browser` is the value of the cookie."""

    id: str
    browser: str
    request: AuthorizeRequest
    flow: AuthFlow
    expires_at: float
    form: FormName = "SIGN_IN"
    notice: str | None = None
    """A sentence above the next form."""
    values: dict[str, str] = field(default_factory=dict[str, str])
    """The values of a form that was refused, without secrets."""
    refused: GuardRejected | None = None
    """The faults of that form, if it was not sent on."""
    provider_state: str | None = None
    """The `state` of the request that was sent to an identity provider."""
    provider_nonce: str = ""
    provider_name: str = ""

    @property
    def idle_form(self) -> FormName | None:
        """The form to show if the flow is idle; None if its step has a form of its own."""
        return self.form if isinstance(self.flow.step, Idle) else None

    async def feed(
        self, values: Mapping[str, str], action: str = "submit", *, proven: Iterable[Method] = ()
    ) -> None:
        """Feed the flow with what was filled in. A refusal is shown by the form that follows.

        `proven` are the methods that the user need not prove again.
        """
        try:
            event = self.flow.fill(values, action, form=self.idle_form)
        except GuardRejected as rejected:
            self.refused = rejected
            return
        self.refused = None
        with as_managed_login(proven):
            try:
                await self.flow.send(event)
            except AuthFlowError:
                return  # the flow shows it
        self.values = {}
        if action in GOES:
            self.form = GOES[action]


class BrowserSignIns:
    """All attempts of a service."""

    def __init__(self) -> None:
        self._attempts: OrderedDict[str, BrowserSignIn] = OrderedDict()

    def begin(
        self, request: AuthorizeRequest, flow: AuthFlow, browser: str | None, now: float
    ) -> BrowserSignIn:
        """Begin an attempt. `browser` is the cookie's present value, if there is one."""
        self._forget_old(now)
        attempt = BrowserSignIn(
            id=secrets.token_urlsafe(16),
            browser=browser or secrets.token_urlsafe(16),
            request=request,
            flow=flow,
            expires_at=now + LIFETIME,
        )
        self._attempts[attempt.id] = attempt
        return attempt

    def get(self, attempt_id: str, browser: str | None, now: float) -> BrowserSignIn | None:
        """Return an attempt of this browser."""
        attempt = self._attempts.get(attempt_id)
        if attempt is None or attempt.browser != browser or attempt.expires_at <= now:
            return None
        return attempt

    def by_state(self, state: str, browser: str | None, now: float) -> BrowserSignIn | None:
        """Return the attempt of this browser that sent the state to a provider."""
        for attempt in list(self._attempts.values()):
            if attempt.provider_state == state:
                return self.get(attempt.id, browser, now)
        return None

    def end(self, attempt: BrowserSignIn) -> None:
        """Forget an attempt."""
        self._attempts.pop(attempt.id, None)

    def _forget_old(self, now: float) -> None:
        while self._attempts:
            oldest = next(iter(self._attempts.values()))
            if oldest.expires_at > now and len(self._attempts) < MOST_ATTEMPTS:
                return
            del self._attempts[oldest.id]
