"""`auth-flow demo --browser`: the redirect to managed login and back, all on this machine."""

from __future__ import annotations

import socket
import webbrowser
from importlib.util import find_spec

from auth_flow._cli.browser import come_back, leave, listening
from auth_flow._cli.conversation import conversation
from auth_flow._cli.demo.ending import show_ending
from auth_flow._cli.demo.phone import Phone
from auth_flow._cli.demo.pool import Mfa, demo_pool
from auth_flow._cli.embedded_pool import PASSWORD, PROVIDER, PROVIDER_USERNAME, USERNAME
from auth_flow._cli.prompter import Prompter
from auth_flow._flow import AuthFlow
from auth_flow._user_pool import UserPool
from auth_flow.embedded import running
from auth_flow.errors import MissingExtra
from auth_flow.states._events import SignInWithRedirect
from auth_flow.states.steps import Done


def demo_in_browser(mfa: Mfa, phone: Phone, person: Prompter) -> None:
    """Serve the pool, open the browser on its pages, and wait until it comes back.

    If no browser can be opened, the person opens the address. Raises `MissingExtra` if the pool
    cannot be served.
    """
    if not all(map(find_spec, ("joserfc", "uvicorn"))):
        raise MissingExtra("auth-flow demo --browser", "server,terminal")
    callback = f"http://localhost:{_free_port()}/callback"
    with demo_pool(mfa, phone) as embedded, running(embedded.service) as endpoint:
        embedded.allow_redirects((callback,))
        embedded.add_provider(endpoint)
        person.tell(
            f"A user pool in this process, with one user: {USERNAME}, password {PASSWORD}.\n"
            f"{PROVIDER} is an identity provider. Its user is {PROVIDER_USERNAME}, with the same "
            "password.\n"
        )
        pool = UserPool(
            user_pool_id=embedded.pool.id,
            client_id=embedded.client.id,
            endpoint=endpoint,
            domain=endpoint,
        )
        with conversation(AuthFlow(pool), person) as talk, listening(talk, callback) as returned:
            step = leave(talk, SignInWithRedirect(redirect_uri=callback))
            if not webbrowser.open(step.url):
                person.tell("No browser could be opened. Open the page yourself, on this machine.")
            done = come_back(talk, returned)
            assert isinstance(done, Done)
            show_ending(person, done, talk.flow)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
