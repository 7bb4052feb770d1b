"""Passkeys of Chromium on the pages of the example service, and on those of managed login."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from auth_flow.embedded import EmbeddedUserPool, PoolSettings
from examples.web_passkeys import made_up_site
from tests.counterparts.admin import PASSWORD
from tests.counterparts.node import Program
from tests.counterparts.processes import free_port
from tests.counterparts.served import Served, in_a_thread
from tests.counterparts.test_managed_login import oauth
from tests.counterparts.virtual import VirtualAuthenticator

pytestmark = pytest.mark.counterpart

OLD_BROWSER = """
delete PublicKeyCredential.parseRequestOptionsFromJSON;
delete PublicKeyCredential.parseCreationOptionsFromJSON;
delete PublicKeyCredential.prototype.toJSON;
"""


@dataclass
class Visitor:
    """A person with a new browser at the example service."""

    browser: Program
    url: str
    users: EmbeddedUserPool

    def open(self, path: str) -> None:
        self.browser.call("open", url=f"{self.url}{path}")

    def before_pages(self, script: str) -> dict[str, str]:
        """Run a script in every page from now on, before those of the page. Return its name."""
        self.browser.call("devtools", method="Page.enable")
        method, params = "Page.addScriptToEvaluateOnNewDocument", {"source": script}
        named: dict[str, str] = self.browser.call("devtools", method=method, params=params)
        return named

    def evaluate(self, expression: str) -> object:
        params = {"expression": expression}
        answer = self.browser.call("devtools", method="Runtime.evaluate", params=params)
        return answer["result"]["value"]

    def press(self, text: str) -> None:
        self.browser.call("press", text=text)

    def see(self, text: str) -> None:
        self.browser.call("see", text=text)

    def choose(self, factor: str) -> None:
        """Type the name, and choose the first factor."""
        self.type_name()
        self.go_on_with(factor)

    def type_name(self) -> None:
        self.open("/sign-in")
        self.browser.call("fill", username="ada")
        self.press("Sign in")
        self.see("How to sign in?")

    def go_on_with(self, factor: str) -> None:
        self.browser.call("choose", value=factor)
        self.press("Continue")

    def sign_in_with_password(self) -> None:
        self.choose("PASSWORD")
        self.type_password()

    def type_password(self) -> None:
        self.browser.call("fill", password=PASSWORD)
        self.press("Sign in")
        self.see("Hello, ada")

    def create_passkey(self) -> None:
        self.open("/new-passkey")
        self.press("Create a passkey")

    def sign_out(self) -> None:
        self.press("Sign out")
        self.see("Welcome")


@pytest.fixture
def visitor(browser: Program) -> Iterator[Visitor]:
    application, users = made_up_site()
    users.settings = PoolSettings(user_verification="required")
    port = free_port()
    with in_a_thread(application, port):
        browser.call("newBrowser")
        yield Visitor(browser, f"http://localhost:{port}", users)


def signed_in_with_passkey(visitor: Visitor) -> VirtualAuthenticator:
    """The authenticator with a passkey of the visitor, who has signed out since."""
    authenticator = VirtualAuthenticator(visitor.browser)
    visitor.sign_in_with_password()
    visitor.create_passkey()
    visitor.see("Delete Passkey 1")
    visitor.sign_out()
    return authenticator


@pytest.mark.parametrize(("changed", "converts"), [("", True), (OLD_BROWSER, False)])
def test_a_passkey_is_created_and_signs_in(visitor: Visitor, changed: str, converts: bool) -> None:
    """Also in a browser that converts neither options nor credentials from and to JSON."""
    visitor.before_pages(changed)
    visitor.open("/")
    assert visitor.evaluate("'toJSON' in PublicKeyCredential.prototype") == converts
    authenticator = signed_in_with_passkey(visitor)
    assert len(authenticator) == 1
    visitor.choose("WEB_AUTHN")
    visitor.see("Hello, ada")


def test_a_user_who_is_not_recognized_stays_and_has_other_ways(visitor: Visitor) -> None:
    authenticator = signed_in_with_passkey(visitor)
    authenticator.verify_users(False)
    visitor.choose("WEB_AUTHN")
    visitor.see("The browser gave no passkey")
    assert visitor.browser.call("axe") == []
    authenticator.verify_users(True)
    visitor.go_on_with("WEB_AUTHN")
    visitor.see("Hello, ada")
    visitor.sign_out()
    authenticator.verify_users(False)
    visitor.choose("WEB_AUTHN")
    visitor.see("The browser gave no passkey")
    visitor.go_on_with("PASSWORD")
    visitor.type_password()


def test_a_device_that_has_lost_the_passkey_leaves_the_other_ways(visitor: Visitor) -> None:
    signed_in_with_passkey(visitor).forget()
    visitor.choose("WEB_AUTHN")
    visitor.see("The browser gave no passkey")
    visitor.go_on_with("PASSWORD")
    visitor.type_password()


def test_a_device_with_a_passkey_makes_no_second_one(visitor: Visitor) -> None:
    authenticator = signed_in_with_passkey(visitor)
    visitor.choose("WEB_AUTHN")
    visitor.see("Hello, ada")
    visitor.create_passkey()
    visitor.see("There is a passkey for this account already.")
    visitor.press("Not now")
    visitor.see("Delete Passkey 1")
    assert len(authenticator) == 1


def test_two_authenticators_are_listed_and_each_signs_in(visitor: Visitor) -> None:
    phone = signed_in_with_passkey(visitor)
    visitor.choose("WEB_AUTHN")
    visitor.see("Hello, ada")
    key = VirtualAuthenticator(visitor.browser, transport="usb")
    phone.unplug()
    visitor.create_passkey()
    visitor.see("Delete Passkey 2")
    visitor.see("Delete Passkey 1")
    assert (len(phone), len(key)) == (1, 1)
    for used, other in ((key, phone), (phone, key)):
        visitor.sign_out()
        other.unplug()
        used.plug_in()
        visitor.choose("WEB_AUTHN")
        visitor.see("Hello, ada")


def test_a_deleted_passkey_is_refused_and_the_password_works(visitor: Visitor) -> None:
    signed_in_with_passkey(visitor)
    visitor.type_name()
    ada = visitor.users.user("ada")
    assert ada is not None
    ada.passkeys.clear()
    visitor.users.save(ada)
    visitor.go_on_with("WEB_AUTHN")
    visitor.see("That did not work, and the sign-in has ended.")
    visitor.sign_in_with_password()


def test_a_page_of_another_relying_party_says_so(visitor: Visitor) -> None:
    signed_in_with_passkey(visitor)
    visitor.users.settings = PoolSettings(relying_party_id="example.org")
    visitor.choose("WEB_AUTHN")
    visitor.see("The passkey belongs to another web site than this page.")
    visitor.go_on_with("PASSWORD")
    visitor.type_password()
    visitor.create_passkey()
    visitor.see("The passkey belongs to another web site than this page.")


NO_WEBAUTHN = "delete window.PublicKeyCredential;"


def test_a_browser_without_passkeys_says_so(visitor: Visitor) -> None:
    """The page that is about the passkey alone is shown if the script could not take part."""
    signed_in_with_passkey(visitor)
    named = visitor.before_pages(NO_WEBAUTHN)
    visitor.choose("WEB_AUTHN")
    visitor.see("This page cannot use passkeys")
    assert visitor.browser.call("axe") == []
    method = "Page.removeScriptToEvaluateOnNewDocument"
    visitor.browser.call("devtools", method=method, params=named)
    visitor.open("/sign-in")
    visitor.see("Use your passkey")
    assert visitor.evaluate("document.activeElement.innerText") == "Continue"
    assert visitor.browser.call("axe") == []
    visitor.press("Continue")
    visitor.see("Hello, ada")
    visitor.sign_out()
    visitor.before_pages(NO_WEBAUTHN)
    visitor.choose("WEB_AUTHN")
    visitor.see("This page cannot use passkeys")
    visitor.press("Use your password")
    visitor.type_password()


SUGGESTS = """
document.addEventListener('readystatechange', () => {
  const field = document.querySelector('[data-passkey]');
  field?.insertAdjacentHTML('beforebegin', '<input autocomplete="username webauthn">');
}, {once: true});
"""


def test_autofill_signs_in_without_the_button(visitor: Visitor) -> None:
    """An input that suggests passkeys, as an application may add it to the form."""
    signed_in_with_passkey(visitor)
    visitor.before_pages(SUGGESTS)
    visitor.open("/sign-in")
    visitor.browser.call("fill", username="ada")
    visitor.press("Sign in")
    visitor.see("Hello, ada")


NOTES_ABORTED = """
const get = CredentialsContainer.prototype.get;
CredentialsContainer.prototype.get = function (options) {
  options.signal.addEventListener('abort', () => { sessionStorage.aborted = options.mediation; });
  return get.call(this, options);
};
"""


def test_the_button_ends_the_autofill(visitor: Visitor) -> None:
    """A browser refuses a second request while the first is under way."""
    authenticator = signed_in_with_passkey(visitor)
    authenticator.unplug()
    visitor.before_pages(SUGGESTS)
    visitor.before_pages(NOTES_ABORTED)
    visitor.type_name()
    authenticator.plug_in()
    visitor.go_on_with("WEB_AUTHN")
    visitor.see("Hello, ada")
    assert visitor.evaluate("sessionStorage.aborted") == "conditional"


# Managed login


def test_managed_login(served: Served, browser: Program) -> None:
    """Sign up, create the passkey that is offered, sign out, and sign in with it."""
    origin = browser.call("origin")
    client = oauth(f"{origin}/", by_choice=True)
    pool = served.pool(client=client, user_verification="required")
    login = pool.url.replace("127.0.0.1", "localhost")
    parameters = {"client_id": pool.client.id, "redirect_uri": f"{origin}/"}
    authorize = f"{login}/oauth2/authorize?{urlencode({**parameters, 'response_type': 'code'})}"
    browser.call("newBrowser")
    authenticator = VirtualAuthenticator(browser)
    browser.call("open", url=authorize)
    browser.call("press", text="Create an account")
    browser.call("see", text="Create the account")  # the page before has a user name too
    browser.call("fill", username="zoe", **{"attributes.email": "zoe@example.org"})
    browser.call("press", text="Create the account")
    browser.call("see", text="Confirm your account")
    browser.call("fill", code=pool.code("zoe"))
    browser.call("press", text="Confirm")
    browser.call("see", text="Create a passkey")
    assert browser.call("axe") == []
    browser.call("press", text="Create a passkey")
    browser.call("arrive", part="?code=")
    assert len(authenticator) == 1

    query = urlencode({"client_id": pool.client.id, "logout_uri": f"{origin}/"})
    browser.call("open", url=f"{login}/logout?{query}")
    browser.call("open", url=authorize)
    browser.call("fill", username="zoe")
    browser.call("press", text="Sign in")
    browser.call("see", text="How to sign in?")
    assert browser.call("axe") == []
    browser.call("choose", value="WEB_AUTHN")
    browser.call("press", text="Continue")
    browser.call("arrive", part="?code=")

    browser.call("open", url=f"{login}/passkeys/add?{urlencode(parameters)}")
    browser.call("press", text="Create a passkey")
    browser.call("see", text="There is a passkey for this account already.")
    browser.call("press", text="Not now")
    browser.call("arrive", part=f"{origin}/")
