"""Run moto's own tests of Cognito against the embedded user pool, and print how many pass.

Usage, in an environment with the test requirements::

    git clone --depth 1 https://github.com/getmoto/moto
    python -m tests.counterparts.moto_suite moto [PYTEST ARGUMENTS …]

The tests run as they are, in moto's server mode. Their requests to Cognito go to the embedded pool;
all others (IAM, the reset between two tests) go to a moto server. Moto has verified some of its
tests against AWS; these run once more in the way that they run against AWS, where they wait for the
next code of an authenticator, for example. Those that fail are listed.

Not every failure is a fault: some tests hold the pool to moto's simplifications, for example to
accept any code.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import httpx
import uvicorn

from auth_flow.embedded import EmbeddedCognito
from auth_flow.embedded._http import HttpRequest, Receive, Response, Scope, Send
from tests.counterparts.processes import free_port, server

COGNITO = "AWSCognitoIdentityProviderService."
REGION = "us-west-2"
"""The region in which moto's tests expect most pools."""
SUITE = ("test_cognitoidp.py", "test_cognitoidp_exceptions.py")


class Front:
    """An ASGI application that shares requests out between the embedded pool and moto."""

    def __init__(self, moto: str) -> None:
        self._cognito = EmbeddedCognito(region=REGION)
        self._moto = httpx.AsyncClient(base_url=moto, timeout=60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._cognito(scope, receive, send)
            return
        targets = [value for name, value in scope["headers"] if name == b"x-amz-target"]
        to_cognito = bool(targets) and targets[0].startswith(COGNITO.encode())
        if to_cognito or "/.well-known/" in scope["path"]:
            await self._cognito(scope, receive, send)
            return
        request = await HttpRequest.read(scope, receive)
        assert request is not None
        if request.path == "/moto-api/reset":
            for pool in list(self._cognito.pools.values()):
                self._cognito.delete_pool(pool)
        url = httpx.URL(path=scope["path"], query=scope["query_string"])
        reply = await self._moto.request(
            request.method, url, content=request.body, headers=request.headers
        )
        headers = (("content-type", reply.headers.get("content-type", "text/plain")),)
        await Response(reply.status_code, headers, reply.content).send(send, with_body=True)


def run(checkout: Path, arguments: list[str]) -> None:
    """Run the suite of a checkout and print the figures."""
    with tempfile.TemporaryDirectory() as folder, _front(Path(folder)) as url:
        common = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "PYTHONPATH": str(checkout),
        }
        server_mode = {"TEST_SERVER_MODE": "true", "TEST_SERVER_MODE_ENDPOINT": url}
        as_aws = {"MOTO_TEST_ALLOW_AWS_REQUEST": "true", "AWS_ENDPOINT_URL": url}
        reports = [Path(folder) / name for name in ("all.xml", "verified.xml")]
        _pytest(checkout, common | server_mode, reports[0], *arguments)
        _pytest(checkout, common | as_aws, reports[1], "-m", "aws_verified", *arguments)
        print("\nAll tests:")
        _print_figures(reports[0], name_failures=False)
        print("Those that are verified against AWS, run as against AWS:")
        _print_figures(reports[1], name_failures=True)


def _pytest(checkout: Path, environment: dict[str, str], report: Path, *arguments: str) -> None:
    tests = [f"tests/test_cognitoidp/{name}" for name in SUITE]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    subprocess.run(
        [*command, *tests, f"--junitxml={report}", *arguments],
        cwd=checkout,
        env=environment,
        check=False,
    )


@contextmanager
def _front(home: Path) -> Generator[str]:
    port, front_port = free_port(), free_port()
    arguments = ["-H", "127.0.0.1", "-p", str(port)]
    with server(
        "moto.server", *arguments, port=port, health="/moto-api/data.json", home=home, settings={}
    ) as moto:
        config = uvicorn.Config(Front(moto), port=front_port, log_level="warning")
        with _in_thread(uvicorn.Server(config)):
            yield f"http://127.0.0.1:{front_port}"


@contextmanager
def _in_thread(running: uvicorn.Server) -> Generator[None]:
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        running.should_exit = True
        thread.join()


def _print_figures(report: Path, *, name_failures: bool) -> None:
    cases = list(ElementTree.parse(report).iter("testcase"))
    ran = [case for case in cases if case.find("skipped") is None]
    failed = [case.get("name") for case in ran if len(case)]
    print(f"  {len(ran) - len(failed)} of {len(ran)} pass")
    for name in failed if name_failures else ():
        print(f"  fails: {name}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Usage: python -m tests.counterparts.moto_suite CHECKOUT [PYTEST ARGUMENTS …]")
    run(Path(sys.argv[1]).resolve(), sys.argv[2:])
