"""The step of a sign-in that goes on in a browser, on the pages of the user pool's domain."""

from __future__ import annotations

from typing import ClassVar

from auth_flow.states._base import reveal
from auth_flow.states._events import Answer, Event, ReturnFromRedirect
from auth_flow.states.forms._about import About
from auth_flow.states.forms._draft import Draft
from auth_flow.states.forms._english import text
from auth_flow.states.forms._fields import url_field
from auth_flow.states.forms._models import Exhibit
from auth_flow.states.forms._unanswered import start_again
from auth_flow.states.steps._base import Question


class RedirectRequired(Question, name="CONTINUE_SIGN_IN_WITH_REDIRECT", group="First factors"):
    """The user signs in on another page: send their browser to `url`.

    The browser comes back to the redirect URI; `return_from_redirect` takes the whole URL that it
    came back to. Another `sign_in_with_redirect` gives a fresh URL.
    """

    texts: ClassVar[dict[str, str]] = {
        "title": "Continue elsewhere",
        "text": "You sign in on another page, and come back here afterwards.",
        "exhibit.link": "Go to the sign-in page",
        "problem.refused": "That sign-in did not work: {reason}",
    }

    url: str

    def parse(self, answer: Answer) -> Event:
        """Read the text as the URL that the browser came back to."""
        url = reveal(answer.response).strip()
        return ReturnFromRedirect(url=url, client_metadata=answer.client_metadata)

    def _draft(self, about: About) -> Draft:
        return Draft(
            fields=(url_field(),),
            submit=lambda filled: ReturnFromRedirect(url=filled["url"].strip()),
            exhibits=(Exhibit(kind="link", label=text("exhibit.link"), content=self.url),),
        )

    def _draft_if_unanswered(self, about: About) -> Draft:
        return start_again()
