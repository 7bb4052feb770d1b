"""A whole page: the frame around a form or a message, its style, and its security headers."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import NamedTuple

SECURITY_HEADERS: tuple[tuple[str, str], ...] = (
    (
        "content-security-policy",
        # No form-action: Chromium would apply it to the redirect that follows a post.
        (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
            "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cache-control", "no-store"),
)
"""The headers that every page is sent with."""

STYLE_SHEET = """\
:root { color-scheme: light dark; --ink: #16191f; --paper: #fff; --ground: #eef1f5; --line: #7d8798;
  --soft: #545b64; --accent: #0b5cad; --on-accent: #fff; --bad: #b3261e; --bad-ground: #fdeceb; }
@media (prefers-color-scheme: dark) { :root { --ink: #eef1f5; --paper: #1d232c; --ground: #11151b;
  --line: #8a94a6; --soft: #b4bdcb; --accent: #8fc1ff; --on-accent: #10233b; --bad: #ffb4ab;
  --bad-ground: #43201d; } }
* { box-sizing: border-box; } [hidden] { display: none !important; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(26rem, 100%); padding: 1.75rem; background: var(--paper); border-radius: 1rem;
  box-shadow: 0 1px 3px rgb(0 0 0 / .25); overflow-wrap: anywhere; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; } .soft { color: var(--soft); } form { margin: 0; }
label, legend { display: block; font-weight: 600; margin: 0 0 .25rem; padding: 0; }
.field, fieldset { margin: 0 0 1rem; border: 0; padding: 0; min-width: 0; }
input:not([type=radio]) { width: 100%; padding: .625rem .75rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .5rem; }
input[readonly] { border-style: dashed; } input[aria-invalid=true] { border-color: var(--bad); }
.choice { display: flex; gap: .625rem; align-items: center; font-weight: 400; margin: 0;
  padding: .5rem 0; } .choice input { width: 1.25rem; height: 1.25rem; margin: 0; }
button, .button { display: block; width: 100%; margin: 0 0 .75rem; padding: .625rem .75rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  border: 1px solid var(--accent); border-radius: .5rem; background: var(--accent);
  color: var(--on-accent); }
button.other, .button { background: transparent; color: var(--accent); }
button.link { width: auto; display: inline; padding: .25rem 0; margin: 0 1rem 0 0; border: 0;
  background: none; color: var(--accent); text-decoration: underline; font-weight: 400; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.problem { color: var(--bad); margin: .25rem 0 0; }
.alert { padding: .75rem; margin: 0 0 1rem; border-radius: .5rem; color: var(--bad);
  background: var(--bad-ground); }
.or { display: flex; gap: .75rem; align-items: center; margin: .25rem 0 1rem; color: var(--soft); }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
ul { margin: .25rem 0 0; padding-left: 1.25rem; color: var(--soft); font-size: .9rem; }
img { display: block; width: 12rem; height: 12rem; margin: 0 auto 1rem; background: #fff;
  padding: .5rem; border-radius: .5rem; } code { font-size: 1rem; }
"""

PASSKEY_SCRIPT = files("auth_flow.web").joinpath("passkeys.js").read_text("utf-8")
"""The script of forms with a passkey field. Serve it as `text/javascript` from the page's own
origin, and give its URL to `page`.
"""


class Link(NamedTuple):
    """A link that looks like a button."""

    text: str
    url: str


def page(
    title: str,
    body: str,
    *,
    style: str,
    script: str | None = None,
    language: str = "en",
    links: Iterable[Link] = (),
) -> str:
    """Return an HTML document around `body`, which is HTML already.

    `title` is plain text. `style` is the URL of the style sheet, and `script` that of
    `PASSKEY_SCRIPT`, which only a passkey field needs. If there are `links`, they follow the body
    as buttons.
    """
    scripts = f'<script type="module" src="{escape(script)}"></script>' if script else ""
    buttons = "".join(
        f'<a class="button" href="{escape(link.url)}">{escape(link.text)}</a>' for link in links
    )
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        f'<link rel="stylesheet" href="{escape(style)}"><link rel="icon" href="data:,">{scripts}'
        f"</head><body><main>{body}{buttons}</main></body></html>\n"
    )
