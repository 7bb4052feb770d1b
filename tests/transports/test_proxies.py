"""Proxies of the environment: typed errors if they cannot be used, never with a password."""

from __future__ import annotations

import importlib.util
import traceback
from urllib.request import getproxies

import httpx
import pytest

from auth_flow.errors import AuthFlowError, ConnectFailed
from auth_flow.transports import CognitoTransport, ConnectionPool, Retries, http_transport
from auth_flow.transports._http import LoopTransport
from tests.transports.faults import fault_server, http, say, send

pytestmark = pytest.mark.anyio

PASSWORD = "Pa55word"
COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in getproxies():
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        (f"socks://ada:{PASSWORD}@127.0.0.1:9", "scheme 'socks'"),
        (f"socks4://ada:{PASSWORD}@127.0.0.1:9", "scheme 'socks4'"),
        (f"ftp://ada:{PASSWORD}@127.0.0.1:9", "scheme 'ftp'"),
        (f"http://ada:{PASSWORD}#1@127.0.0.1:9", "percent-encoded"),
        (f"http://ada:{PASSWORD}/1@127.0.0.1:9", "percent-encoded"),
        (f"http://ada:{PASSWORD}?1@127.0.0.1:9", "percent-encoded"),
        (f"http://ada:{PASSWORD}@127.0.0.1:{PASSWORD}", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@127.0.0.1:99999", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@127.0.0.1:0", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@[::1:9", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@a b:9", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@a\tb:9", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@münchen:9", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@127.0.0.1:9?", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@127.0.0.1:9#", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@127.0.0.1:9/path", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@127.0.0.1:9/?a=b", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@127.0.0.1:9/#a", "not a proxy URL"),
        (f"ada:{PASSWORD}@127.0.0.1:{PASSWORD}", "not a proxy URL"),
        (f"http://ada:{PASSWORD}@1.2.3.999:9", "cannot be used: 1.2.3.999:9"),
        (f"http://ada:{PASSWORD}@127.0.0.1:1", "no connection could be made"),
        (f"https://ada:{PASSWORD}@127.0.0.1:1", "no connection could be made"),
        (f"ada:{PASSWORD}@127.0.0.1:1", "no connection could be made"),
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
async def test_a_proxy_that_cannot_be_used_is_a_typed_error_without_its_password(
    monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str, message: str
) -> None:
    monkeypatch.setenv(variable, proxy)
    async with CognitoTransport(COGNITO, retries=Retries(attempts=1)) as transport:
        with pytest.raises(ConnectFailed, match=message) as failed:
            await transport.call("GetUser", {})
    assert PASSWORD not in "".join(traceback.format_exception(failed.value))
    if "no connection" not in message:
        assert variable.upper() in str(failed.value)
        assert not failed.value.retryable


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_socks_without_its_package_names_the_package(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://ada:{PASSWORD}@127.0.0.1:1")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    async with CognitoTransport(COGNITO) as transport:
        with pytest.raises(ConnectFailed, match=r"pip install 'httpx\[socks\]'"):
            await transport.call("GetUser", {})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: {"socksio": ""}.get(name))
    assert isinstance(http_transport(COGNITO), LoopTransport)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_other_proxies_do_not_need_the_package(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert isinstance(http_transport(COGNITO, proxy=f"{scheme}://127.0.0.1:9"), LoopTransport)


@pytest.mark.parametrize("proxy", ["socks://127.0.0.1:9", httpx.URL("ftp://127.0.0.1")])
async def test_a_proxy_that_is_given_is_checked_too(proxy: str | httpx.URL) -> None:
    with pytest.raises(ValueError, match=r"^proxy has the scheme"):
        http_transport(COGNITO, proxy=proxy)


async def test_an_error_of_a_proxy_that_is_given_does_not_show_its_password() -> None:
    with pytest.raises(ValueError, match="not a proxy URL") as caught:
        http_transport(COGNITO, proxy=f"http://ada:pass@127.0.0.1:{PASSWORD}")
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


async def test_a_proxys_percent_encoded_password_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fault_server(say({})) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", "//ada:a%23b@"))
        async with CognitoTransport("http://cognito.example/") as transport:
            assert await transport.call("GetUser", {}) == {}
    (request,) = server.requests
    assert request.headers["proxy-authorization"] == "Basic YWRhOmEjYg=="


async def test_a_proxy_that_wants_other_credentials_is_no_malformed_reply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with fault_server(send(http(b"<html>Who are you?</html>", 407))) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", f"//ada:{PASSWORD}@"))
        monkeypatch.setenv("HTTPS_PROXY", server.url.replace("//", f"//ada:{PASSWORD}@"))
        for url in ("http://cognito.example/", COGNITO):
            async with CognitoTransport(url, retries=Retries(attempts=1)) as transport:
                with pytest.raises(ConnectFailed, match="407") as failed:
                    await transport.call("GetUser", {})
            assert isinstance(failed.value, AuthFlowError)
            assert PASSWORD not in "".join(traceback.format_exception(failed.value))


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("::1", "http://[::1]:8080/", True),
        ("[::1]", "http://[::1]:8080/", True),
        ("[::1]:8080", "http://[::1]:8080/", True),
        ("[::1]:8080", "http://[::1]:9090/", True),
        ("0:0:0:0:0:0:0:1", "http://[::1]/", True),
        ("example.com, ::1", "http://[::1]/", True),
        ("fd00::/8", "http://[fd12::3]/", True),
        ("fd00::/8", "http://[fe80::3]/", False),
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("10.9.9.9/8", "http://10.1.2.3/", True),
        ("example.com", "http://10.1.2.3/", False),
        ("10.1.2.3", "http://ada:secret@10.1.2.3/", True),
        ("::1", "http://[::2]/", False),
        ("localhost", "http://localhost:9/", True),
        ("", "http://[::1]/", False),
    ],
)
async def test_addresses_that_need_no_proxy(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, direct: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert isinstance(http_transport(url), ConnectionPool) is direct
