"""HTML for forms: the pages of the embedded pool's managed login are made of it."""

from auth_flow.web._page import PASSKEY_SCRIPT, SECURITY_HEADERS, STYLE_SHEET, Link, page
from auth_flow.web._render import render, title_of

__all__ = [
    "PASSKEY_SCRIPT",
    "SECURITY_HEADERS",
    "STYLE_SHEET",
    "Link",
    "page",
    "render",
    "title_of",
]
