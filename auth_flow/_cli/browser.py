"""`auth-flow sign-in --browser`: a sign-in on the hosted pages, or with an identity provider."""

from __future__ import annotations

import webbrowser
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import get_args

import click

from auth_flow._cli.conversation import Conversation
from auth_flow._cli.loopback import Loopback, loopback
from auth_flow.errors import GuardRejected
from auth_flow.states._events import (
    CustomProvider,
    NamedProvider,
    Provider,
    ReturnFromRedirect,
    SignInWithRedirect,
)
from auth_flow.states.steps import Done, RedirectRequired, Step

REDIRECT_URI = "http://localhost:8400/callback"
"""The default. It has to be one of the app client's callback URLs; Cognito needs a fixed port."""


def provider_of(name: str | None) -> Provider | None:
    """Return the identity provider of a name: a well-known one, or one that the pool defines."""
    known: dict[str, NamedProvider] = {one.casefold(): one for one in get_args(NamedProvider)}
    return None if name is None else known.get(name.casefold()) or CustomProvider(custom=name)


def sign_in_in_browser(talk: Conversation, event: SignInWithRedirect, *, paste: bool) -> Done:
    """Open the browser and wait until it comes back; or let the person paste the address.

    Raises `ClickException` if the port of the redirect URI is taken, `GuardRejected` if the flow
    refuses the event, and the errors of the redirect.
    """
    with ExitStack() as stack:
        returned = None if paste else stack.enter_context(listening(talk, event.redirect_uri))
        away = leave(talk, event)
        if returned is not None and webbrowser.open(away.url):
            step = come_back(talk, returned)
        else:
            if returned is not None:
                talk.person.tell("No browser could be opened on this machine.")
            step = _ask(talk, away)
    assert isinstance(step, Done)
    return step


def leave(talk: Conversation, event: SignInWithRedirect) -> RedirectRequired:
    """Begin a redirect, and show the address of the page."""
    step = talk.send(event)
    assert isinstance(step, RedirectRequired)
    talk.person.tell("Sign in on this page:")
    talk.person.tell(step.url)
    return step


def come_back(talk: Conversation, returned: Loopback) -> Step:
    """Wait for the browser, and finish the redirect."""
    talk.person.tell("Waiting for the browser. Ctrl-C gives up.", "quiet")
    return talk.send(ReturnFromRedirect(url=talk.portal.call(returned.wait)))


@contextmanager
def listening(talk: Conversation, redirect_uri: str) -> Generator[Loopback]:
    """Listen at the redirect URI. Raises `ClickException` if its port is taken."""
    with ExitStack() as stack:
        try:
            waiting = talk.portal.wrap_async_context_manager(loopback(redirect_uri))
            returned = waiting.__enter__()
            # An interrupt must not be thrown into the event loop of the portal, which it would end.
            stack.callback(waiting.__exit__, None, None, None)
        except OSError as error:
            raise click.ClickException(
                f"Nothing can listen at {redirect_uri}: {error.strerror}. Close the program that "
                "has the port, choose another callback URL with --redirect-uri, or add --paste."
            ) from None
        yield returned


def _ask(talk: Conversation, step: RedirectRequired) -> Step:
    talk.person.tell(
        "Then paste the address that the browser came back to; it begins with", "quiet"
    )
    talk.person.tell("the callback URL, and the page behind it may not exist.", "quiet")
    while True:
        typed = talk.person.secret("Address")
        try:
            return talk.send(step.answer(typed))
        except GuardRejected as refusal:
            if not talk.person.patient:
                raise
            talk.person.tell(refusal.rule, "bad")
