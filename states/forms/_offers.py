"""Actions that several forms offer besides sending their fields."""

from __future__ import annotations

from collections.abc import Iterable

from auth_flow.states._base import reveal
from auth_flow.states._events import (
    Cancel,
    ChooseFactor,
    Event,
    Factor,
    Provider,
    ResendCode,
    SignIn,
    SignInOptions,
    SignInWithRedirect,
)
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Filled, Offer
from auth_flow.states.forms._english import text
from auth_flow.states.forms._models import FormName

_FIRST_FACTORS: dict[str, Factor] = {"EMAIL_OTP": "EMAIL_OTP", "SMS_OTP": "SMS_OTP"}


def resend(about: About, *, sent: bool) -> Offer:
    """Offer to have the code of a sign-up or of a reset sent again, after the delay.

    If no code was `sent` so far, there is nothing to wait for.
    """
    return Offer(
        "resend_code",
        text("action.resend_code"),
        "resend",
        lambda _: ResendCode(),
        available_at=_available_at(about) if sent else None,
    )


def new_code(about: About) -> Offer:
    """Offer another code for a sign-in. Cognito cannot resend one, so the sign-in begins anew.

    If that takes a password which the flow no longer holds, the person has to type it again: the
    flow is given up, and the sign-in form follows.
    """
    again = _same_sign_in(about)
    if again is None:
        return Offer("cancel", text("action.start_again"), "leave", lambda _: Cancel())
    return Offer(
        "resend_code",
        text("action.resend_code"),
        "resend",
        lambda _: again,
        available_at=_available_at(about),
    )


def with_providers(about: About) -> tuple[Offer, ...]:
    """Offer a redirect to each of the identity providers that the application names."""
    uri = about.settings.redirect_uri
    return () if uri is None else tuple(_redirect(one, uri) for one in about.settings.providers)


def _redirect(provider: Provider, redirect_uri: str) -> Offer:
    name = provider if isinstance(provider, str) else provider.name
    return Offer(
        f"provider:{name}",
        text("action.provider", name=name),
        "alternative",
        lambda _: SignInWithRedirect(provider=provider, redirect_uri=redirect_uri),
    )


def other_factors(about: About) -> tuple[Offer, ...]:
    """Offer the other first factors, if the code that is asked for is a first factor."""
    again = _same_sign_in(about)
    if again is None or again.password is not None or again.auth_flow_type != "USER_AUTH":
        return ()

    def choose_anew(_: Filled) -> Event:
        return SignIn(username=again.username, auth_flow_type="USER_AUTH")

    return (Offer("choose_factor", text("action.choose_factor"), "alternative", choose_anew),)


def factors(offered: Iterable[Factor]) -> tuple[Offer, ...]:
    """Offer first factors by name. The two ways of sending a password are one to a person."""

    def choice(factor: Factor) -> Offer:
        shown = "PASSWORD" if factor == "PASSWORD_SRP" else factor
        return Offer(
            f"choose_factor:{shown}",
            text(f"action.choose_factor.{shown}"),
            "alternative",
            lambda _: ChooseFactor(factor=factor),
        )

    return tuple(choice(factor) for factor in offered)


def go(form: FormName) -> Offer:
    """Offer another form of an idle flow. The event gives up the present step, if there is one."""
    name = form.lower()
    return Offer(f"go:{name}", text(f"action.go.{name}"), "go", lambda _: Cancel())


def _same_sign_in(about: About) -> SignIn | None:
    """Return the event that begins the same sign-in again, or None if the flow cannot."""
    options, password = about.sign_in_options, about.password
    if options is None or about.username is None:
        return None
    if options.takes_password:
        if password is None:
            return None
    elif options.auth_flow_type == "USER_AUTH" and options.preferred_challenge is None:
        # The person chose the factor. With a password, Cognito's name of that choice is lost.
        factor = _FIRST_FACTORS.get(about.challenge or "")
        if password is not None or factor is None:
            return None
        options = SignInOptions(auth_flow_type="USER_AUTH", preferred_challenge=factor)
    return SignIn(
        username=about.username,
        password=reveal(password) if password and options.takes_password else None,
        **dict(options),
    )


def _available_at(about: About) -> float | None:
    return None if about.sent_at is None else about.sent_at + about.settings.resend_delay
