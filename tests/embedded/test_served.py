"""The service on a port. What boto3 and others make of it is tested with the other counterparts."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading

import httpx
import pytest
import uvicorn

from auth_flow.embedded import EmbeddedCognito, SigningKey, running, serve
from auth_flow.errors import MissingExtra


def test_the_key_set_is_where_the_configuration_says(signing_key: SigningKey) -> None:
    service = EmbeddedCognito()
    pool = service.create_pool(key=signing_key)
    with running(service) as url:
        configuration = httpx.get(f"{url}/{pool.id}/.well-known/openid-configuration").json()
        assert configuration["jwks_uri"].startswith(url)
        assert httpx.get(configuration["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_program_that_does_not_stop_it_can_end() -> None:
    program = (
        "from auth_flow.embedded import EmbeddedCognito, running\n"
        "serving = running(EmbeddedCognito())\n"
        "serving.__enter__()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_a_server_that_ends_at_once_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    waiting = threading.Thread(target=running(EmbeddedCognito()).__enter__, daemon=True)
    waiting.start()
    waiting.join(10)
    assert not waiting.is_alive()


def test_without_uvicorn_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtra, match=r"auth-flow\[server\]") as caught:
        serve(EmbeddedCognito(), 9229)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("given", "host", "endpoint"),
    [
        (None, {}, "http://127.0.0.1:9229"),
        (None, {"host": "0.0.0.0"}, "http://0.0.0.0:9229"),
        ("http://cognito", {}, "http://cognito"),
    ],
)
def test_it_is_served_until_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, given: str | None, host: dict[str, str], endpoint: str
) -> None:
    ran: list[uvicorn.Config] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server: ran.append(server.config))
    service = EmbeddedCognito(endpoint=given)
    serve(service, 9229, **host)
    (config,) = ran
    assert config.app is service
    assert (config.host, config.port) == (host.get("host", "127.0.0.1"), 9229)
    assert config.log_level == "warning"
    assert service.endpoint == endpoint


def test_without_joserfc_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "joserfc", None)
    monkeypatch.delitem(sys.modules, "auth_flow.embedded._signing")
    with pytest.raises(MissingExtra, match=r"auth-flow\[embedded\]") as caught:
        importlib.import_module("auth_flow.embedded._signing")
    assert caught.value.__suppress_context__
