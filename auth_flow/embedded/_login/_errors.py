"""The three ways in which managed login refuses a request."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from auth_flow.embedded._http import Response, json_response


class PageError(Exception):
    """A refusal that the person is shown, because the application cannot be trusted with it."""

    def __init__(self, code: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status


class RedirectError(Exception):
    """A refusal that the application gets at its redirect URI."""

    def __init__(
        self, redirect_uri: str, state: str | None, code: str, description: str | None = None
    ) -> None:
        super().__init__(code)
        members = {"error": code, "error_description": description, "state": state}
        self.url = with_query(redirect_uri, members)


class TokenError(Exception):
    """A refusal of a form that the application posted, worded as RFC 6749 wants it."""

    def __init__(self, code: str, description: str | None = None, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.status = status

    @property
    def response(self) -> Response:
        """The refusal as JSON."""
        document = {"error": self.code}
        if self.description is not None:
            document["error_description"] = self.description
        challenge = (("www-authenticate", f'Bearer error="{self.code}"'),)
        return json_response(self.status, document).with_headers(
            *(challenge if self.status == 401 else ())
        )


def redirect(url: str, *headers: tuple[str, str]) -> Response:
    """Send the browser to another URL, by GET."""
    return Response(303, (("location", url), ("cache-control", "no-store"), *headers))


def with_query(url: str, members: dict[str, str | None], *, fragment: bool = False) -> str:
    """Return a URL with further parameters; those that are None are left out."""
    written = urlencode({name: value for name, value in members.items() if value is not None})
    parts = urlsplit(url)
    if fragment:
        return urlunsplit(parts._replace(fragment=written))
    query = f"{parts.query}&{written}" if parts.query else written
    return urlunsplit(parts._replace(query=query))
