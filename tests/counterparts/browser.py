"""A browser without a screen, for hosted pages that are plain forms."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx


class _Form(HTMLParser):
    """The first form of a page: where it goes, and the values of its hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = given.get("action") or ""
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.values[str(given["name"])] = given.get("value") or ""


async def sign_in_on_page(url: str, callback: str, **typed: str) -> str:
    """Open a page, send its forms with the typed values, and return the URL at `callback` that
    they lead to.
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
            response = await browser.post(action, data={**form.values, **typed})
    raise AssertionError(
        f"the page did not lead back: {response.status_code} {response.text[:500]}"
    )
