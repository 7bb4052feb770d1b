"""The servers, once for the whole run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from auth_flow.embedded import EmbeddedCognito, SigningKey, running
from tests.counterparts.admin import aws_client
from tests.counterparts.node import Program, install, program
from tests.counterparts.processes import free_port, server
from tests.counterparts.served import Served


@pytest.fixture(scope="session")
def ministack_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """ministack, which with AUTH checks proofs, codes, secret hashes and tokens."""
    home, port = tmp_path_factory.mktemp("ministack"), free_port()
    settings = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "STATE_DIR": str(home / "state"),
        "S3_DATA_DIR": str(home / "s3"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{home}/no-docker.sock",
    }
    with server(
        "ministack", port=port, health="/_ministack/health", home=home, settings=settings
    ) as url:
        yield url


@pytest.fixture(scope="session")
def ministack(ministack_url: str) -> Iterator[Any]:
    """boto3 for ministack."""
    with aws_client("cognito-idp", ministack_url) as client:
        yield client


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """boto3 for moto's server, which checks TOTP codes where it is told to."""
    home, port = tmp_path_factory.mktemp("moto"), free_port()
    settings = {"MOTO_COGNITO_IDP_USER_POOL_ENABLE_TOTP": "true"}
    arguments = ["-H", "127.0.0.1", "-p", str(port)]
    with (
        server(
            "moto.server",
            *arguments,
            port=port,
            health="/moto-api/data.json",
            home=home,
            settings=settings,
        ) as url,
        aws_client("cognito-idp", url) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The embedded user pool, on a port of its own."""
    service = EmbeddedCognito()
    with running(service) as url:
        yield Served(service, url.rstrip("/"), SigningKey())


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the packages of `tests/counterparts/node`."""
    return install()


@pytest.fixture(scope="module")
def browser(node: str) -> Iterator[Program]:
    """Chromium without a screen."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium here")
    with program(node, "browser.mjs", chromium) as running:
        yield running
