"""The forms of a redirect sign-in."""

from __future__ import annotations

import pytest

from auth_flow import FormSettings, RedirectRequired, ReturnFromRedirect, SignInWithRedirect
from auth_flow.errors import GuardRejected
from auth_flow.states import CustomProvider, Idle, IdpIdentifier
from auth_flow.states.forms import About

URL = "https://login.example.com/oauth2/authorize?state=s-1"
SETTINGS = FormSettings(
    redirect_uri="https://app.example/cb",
    providers=("Google", CustomProvider(custom="Contoso"), IdpIdentifier(idp_identifier="a.com")),
)


def test_the_step_is_a_link_and_takes_the_address_that_came_back() -> None:
    step = RedirectRequired(url=URL)
    form = step.form()
    (link,) = form.exhibits
    assert (link.kind, link.content) == ("link", URL)
    (field,) = form.fields
    assert (field.name, field.secret, field.value) == ("url", True, None)
    assert step.fill({"url": " code=c&state=s-1 "}) == ReturnFromRedirect(url="code=c&state=s-1")
    with pytest.raises(GuardRejected) as caught:
        step.fill({})
    assert set(caught.value.problems) == {"url"}


def test_the_sign_in_form_offers_the_providers() -> None:
    about = About(settings=SETTINGS)
    names = [action.name for action in Idle().form(about).actions]
    assert names[-3:] == ["provider:Google", "provider:Contoso", "provider:a.com"]
    event = Idle().fill({}, "provider:Contoso", about)
    assert event == SignInWithRedirect(
        redirect_uri="https://app.example/cb", provider=CustomProvider(custom="Contoso")
    )


def test_without_a_redirect_uri_no_provider_is_offered() -> None:
    about = About(settings=FormSettings(providers=("Google",)))
    names = [action.name for action in Idle().form(about).actions]
    assert not any(name.startswith("provider:") for name in names)
