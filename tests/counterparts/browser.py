"""A browser without a screen, for hosted pages that are plain forms."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import httpx


class _Form(HTMLParser):
    """The first form of a page: where it goes, the values of its hidden fields, and the names of
    the others.
    """

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.values: dict[str, str] = {}
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = given.get("action") or ""
        name = given.get("name")
        if tag in ("input", "textarea") and name:
            if given.get("type") == "hidden":
                self.values[name] = given.get("value") or ""
            else:
                self.names.add(name)


async def sign_in_on_page(url: str, callback: str, **typed: str | Callable[[], str]) -> str:
    """Open a page, send its forms with the typed values, and return the URL at `callback` that
    they lead to. A form gets the values that it asks for; a function is called at that time.
    """
    async with httpx.AsyncClient(trust_env=False) as browser:
        response = await browser.get(url)
        for _ in range(10):
            if response.is_redirect:
                location = str(response.url.join(response.headers["location"]))
                if location.startswith(callback):
                    return location
                response = await browser.get(location)
                continue
            assert response.status_code == 200, response.text
            form = _Form()
            form.feed(response.text)
            action = response.url.join(form.action or "")
            given = {
                name: value() if callable(value) else value
                for name, value in typed.items()
                if name in form.names
            }
            response = await browser.post(action, data={**form.values, **given})
    raise AssertionError(
        f"the page did not lead back: {response.status_code} {response.text[:500]}"
    )
