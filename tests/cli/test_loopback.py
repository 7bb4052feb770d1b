"""The web server for one request that a redirect sign-in in a terminal waits with."""

from __future__ import annotations

import socket

import anyio
import httpx
import pytest

from auth_flow._cli.loopback import loopback

pytestmark = pytest.mark.anyio


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_the_browser_comes_back_and_is_told_to_close(host: str, port: int) -> None:
    uri = f"http://{host}:{port}/cb"
    async with loopback(uri) as waiting, httpx.AsyncClient(trust_env=False) as browser:
        missed = await browser.get(f"http://127.0.0.1:{port}/favicon.ico")
        posted = await browser.post(f"http://127.0.0.1:{port}/cb?code=no")
        page = await browser.get(f"http://127.0.0.1:{port}/cb?code=c-1&state=s-1")
        url = await waiting.wait()
    assert (missed.status_code, posted.status_code, page.status_code) == (404, 404, 200)
    assert "close this window" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert url == f"{uri}?code=c-1&state=s-1"
    assert "c-1" not in repr(waiting)


async def test_the_root_is_a_path_and_the_first_return_counts(port: int) -> None:
    async with (
        loopback(f"http://127.0.0.1:{port}") as waiting,
        httpx.AsyncClient(trust_env=False) as browser,
    ):
        for code in ("first", "second"):
            await browser.get(f"http://127.0.0.1:{port}/?code={code}")
        assert await waiting.wait() == f"http://127.0.0.1:{port}/?code=first"


@pytest.mark.parametrize(
    "bytes_", [b"", b"GET", b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET /cb HTTP/1.1\r\n\r\n"]
)
async def test_odd_callers_do_no_harm(bytes_: bytes, port: int) -> None:
    async with loopback(f"http://127.0.0.1:{port}/cb") as waiting:
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            if bytes_:
                await stream.send(bytes_)
        async with httpx.AsyncClient(trust_env=False) as browser:
            await browser.get(f"http://127.0.0.1:{port}/cb?code=c")
        assert (await waiting.wait()).endswith("?code=c")


async def test_a_port_that_is_taken_is_an_error(port: int) -> None:
    uri = f"http://127.0.0.1:{port}/"
    async with loopback(uri):
        with pytest.raises(OSError, match="in use"):
            async with loopback(uri):
                pass
