"""The options of `auth-flow drive`, and the flow that they describe."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import ClassVar, Self

from auth_flow._cli.named_pool import NamedPool
from auth_flow._flow import AuthFlow
from auth_flow.aws._identity_pool import IdentityPool
from auth_flow.transports._endpoints import checked_url, region_of


@dataclass(frozen=True, slots=True)
class DriveSettings(NamedPool):
    """A user pool, or the embedded one if none is named, and an identity pool."""

    identity_pool_id: str | None = None
    identity_endpoint: str | None = None

    OPTIONS: ClassVar[dict[str, str]] = {
        **NamedPool.OPTIONS,
        "identity-pool-id": "id of the identity pool, for AWS credentials",
        "identity-endpoint": "URL of the identity service, in place of the region's",
    }

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Self:
        """Read the options, or the environment variable of an option that is missing.

        Exits with status 2 if an option cannot be right.
        """
        parser = argparse.ArgumentParser(
            prog="auth-flow drive",
            description="Run a flow over JSON lines: read one object per line from standard "
            "input, and write one per line to standard output.",
            epilog="The client secret comes from AUTH_FLOW_CLIENT_SECRET. If no pool is given, an "
            "embedded pool is used.",
        )
        for option, meaning in cls.OPTIONS.items():
            variable = cls.variable(option)
            parser.add_argument(
                f"--{option}",
                default=os.environ.get(variable) or None,
                help=f"{meaning} [{variable}]",
            )
        settings = cls(**vars(parser.parse_args(arguments)))
        try:
            if not settings.names_no_pool:
                settings.user_pool()
            if settings.identity_pool_id is not None:
                region_of(settings.identity_pool_id)
            if settings.identity_endpoint is not None:
                checked_url(settings.identity_endpoint)
        except ValueError as problem:
            parser.error(str(problem))
        return settings

    @property
    def names_no_pool(self) -> bool:
        """True if the embedded pool is to be used."""
        return self.user_pool_id is None and self.client_id is None


async def open_flow(settings: DriveSettings, stack: AsyncExitStack) -> AuthFlow:
    """Open the flow that the settings describe. `stack` closes it, and the embedded pool too.

    Raises `MissingExtra` if the embedded pool is needed and not installed.
    """
    if settings.names_no_pool:
        return await _embedded_flow(stack)
    return await stack.enter_async_context(
        AuthFlow(settings.user_pool(), identity_pool=_identity_pool(settings, stack))
    )


async def _embedded_flow(stack: AsyncExitStack) -> AuthFlow:
    """Open a flow on a pool in this process with one user, and print its ids to standard error."""
    from auth_flow._cli.embedded_pool import PASSWORD, USERNAME, EmbeddedPool  # it needs an extra

    embedded = stack.enter_context(EmbeddedPool.open())
    embedded.add_user(USERNAME, PASSWORD)
    embedded.tell_messages(_tell)
    _tell(
        f"An embedded user pool: {embedded.pool.id}, app client {embedded.client.id}, "
        f"user {USERNAME}, password {PASSWORD}"
    )
    return await stack.enter_async_context(embedded.flow())


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _identity_pool(settings: DriveSettings, stack: AsyncExitStack) -> IdentityPool | None:
    if settings.identity_pool_id is None:
        return None
    identity_pool = IdentityPool(settings.identity_pool_id, endpoint=settings.identity_endpoint)
    stack.push_async_callback(identity_pool.aclose)
    return identity_pool
