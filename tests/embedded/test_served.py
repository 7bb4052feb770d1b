"""The service on a port. What boto3 and others make of it is tested with the other counterparts."""

from __future__ import annotations

import importlib
import sys

import httpx
import pytest

from auth_flow.embedded import EmbeddedCognito, SigningKey, running
from auth_flow.errors import MissingExtra


def test_without_its_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with (
        pytest.raises(MissingExtra, match=r"auth-flow\[server\]") as caught,
        running(EmbeddedCognito()),
    ):
        pass
    assert caught.value.__suppress_context__
    monkeypatch.setitem(sys.modules, "joserfc", None)
    monkeypatch.delitem(sys.modules, "auth_flow.embedded._signing")
    with pytest.raises(MissingExtra, match=r"auth-flow\[embedded\]") as caught:
        importlib.import_module("auth_flow.embedded._signing")
    assert caught.value.__suppress_context__


def test_the_key_set_is_where_the_configuration_says(signing_key: SigningKey) -> None:
    service = EmbeddedCognito()
    pool = service.create_pool(key=signing_key)
    with running(service) as url:
        configuration = httpx.get(f"{url}/{pool.id}/.well-known/openid-configuration").json()
        assert configuration["jwks_uri"].startswith(url)
        assert httpx.get(configuration["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"
