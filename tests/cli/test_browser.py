"""`auth-flow sign-in --browser`, with the browser and the pool's domain played."""

from __future__ import annotations

import json
import socket
import threading
import webbrowser
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from auth_flow._cli import main
from auth_flow._cli.browser import provider_of
from auth_flow.states import CustomProvider
from tests.cli.conftest import Typed
from tests.redirect.provider import JWKS, access_token, id_token

pytestmark = pytest.mark.usefixtures("clean_browser")

CLIENT = "1example"
POOL = "eu-west-1_Abc123"


class Domain(ThreadingHTTPServer):
    """The pool's domain, and its issuer: any code is good for tokens."""

    nonce = ""

    def tokens(self) -> tuple[int, dict[str, object]]:
        access = access_token(exp=4102444800)
        issuer = f"http://127.0.0.1:{self.server_port}/{POOL}"
        identity = id_token(access, nonce=self.nonce, iss=issuer, exp=4102444800)
        return 200, {"access_token": access, "id_token": identity, "refresh_token": "r"}


class _Handler(BaseHTTPRequestHandler):
    server: Domain

    def do_GET(self) -> None:
        self._say(200, JWKS)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._say(*self.server.tokens())

    def _say(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def domain() -> Generator[Domain]:
    with Domain(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def clean_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(url: str) -> bool:
        return False

    monkeypatch.setattr(webbrowser, "open", none)


@pytest.fixture
def callback() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/callback"


def arguments(domain: Domain, callback: str, *more: str) -> list[str]:
    url = f"http://127.0.0.1:{domain.server_port}"
    pool = ["--user-pool-id", POOL, "--client-id", CLIENT, "--endpoint", url, "--oauth-domain", url]
    return ["sign-in", *pool, "--browser", "--redirect-uri", callback, *more]


def back(domain: Domain, url: str, callback: str, **parameters: str) -> str:
    query = parse_qs(urlsplit(url).query)
    domain.nonce = query["nonce"][0]
    given = "&".join(f"{name}={text}" for name, text in (parameters or {"code": "c-1"}).items())
    return f"{callback}?{given}&state={query['state'][0]}"


def test_the_browser_opens_and_comes_back(
    domain: Domain,
    callback: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    opened: list[str] = []

    def play(url: str) -> bool:
        opened.append(url)
        address = back(domain, url, callback)
        threading.Thread(target=lambda: urlopen(address, timeout=10).close()).start()
        return True

    monkeypatch.setattr(webbrowser, "open", play)
    assert main(arguments(domain, callback, "--provider", "google")) == 0
    assert "ada is signed in" in capsys.readouterr().out
    assert parse_qs(urlsplit(opened[0]).query)["identity_provider"] == ["Google"]


def shown_url(capsys: pytest.CaptureFixture[str]) -> str:
    told = "".join(capsys.readouterr())
    return next(word for word in told.split() if "/oauth2/authorize?" in word)


@pytest.mark.parametrize("options", [["--paste"], []])
def test_on_a_machine_without_a_browser_the_address_is_pasted(
    domain: Domain,
    callback: str,
    options: list[str],
    typed: Typed,
    capsys: pytest.CaptureFixture[str],
) -> None:
    typed(lambda: back(domain, shown_url(capsys), callback))
    assert main(arguments(domain, callback, *options)) == 0
    assert "ada is signed in" in capsys.readouterr().out


def test_an_address_of_another_sign_in_is_refused(
    domain: Domain, callback: str, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(f"{callback}?code=c&state=forged")
    assert main(arguments(domain, callback, "--paste")) == 2
    assert "state differs" in capsys.readouterr().err


def test_a_denial_is_explained(
    domain: Domain, callback: str, typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(lambda: back(domain, shown_url(capsys), callback, error="access_denied"))
    assert main(arguments(domain, callback, "--paste")) == 1
    assert "declined" in capsys.readouterr().err


def test_a_port_that_is_taken_is_explained(
    domain: Domain, callback: str, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = f"http://127.0.0.1:{domain.server_port}/callback"
    assert main(arguments(domain, taken)) == 1
    assert "--redirect-uri" in capsys.readouterr().err


def test_without_a_domain_the_missing_option_is_named(
    callback: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = ["--user-pool-id", POOL, "--client-id", CLIENT]
    assert main(["sign-in", *pool, "--browser", "--paste"]) == 2
    assert "--oauth-domain" in capsys.readouterr().err


def test_names_of_providers() -> None:
    assert provider_of(None) is None
    assert provider_of("google") == "Google"
    assert provider_of("APPLE") == "Apple"
    assert provider_of("Contoso") == CustomProvider(custom="Contoso")
