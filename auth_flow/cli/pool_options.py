"""Options that several commands share: which user pool, and how to sign in to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar, get_args

import click
from pydantic import ValidationError

from auth_flow.cli.settings import FlowSettings, open_flow
from auth_flow.flow import AuthFlow
from auth_flow.states.events import AuthFlowType, Factor, WayIn
from auth_flow.transports.endpoints import region_of

Command = TypeVar("Command", bound=Callable[..., Any])


def pool_options(command: Command) -> Command:
    """Add the options that name a user pool."""
    for option in ("endpoint", "client-id", "user-pool-id"):
        meaning = FlowSettings.OPTIONS[option]
        command = click.option(
            f"--{option}",
            envvar=FlowSettings.variable(option),
            required=option != "endpoint",
            show_envvar=True,
            help=f"{meaning[0].upper()}{meaning[1:]}.",
        )(command)
    return command


def way_in_options(command: Command) -> Command:
    """Add the options that say how to sign in."""
    flow = click.option(
        "--flow",
        type=click.Choice(get_args(AuthFlowType)),
        help="How the sign-in begins.  [default: USER_SRP_AUTH; USER_AUTH with --preferred]",
    )
    preferred = click.option(
        "--preferred",
        type=click.Choice(get_args(Factor)),
        help="The first factor to begin with, for USER_AUTH.",
    )
    return flow(preferred(command))


def way_in(flow: AuthFlowType | None, preferred: Factor | None) -> WayIn:
    """Read those options."""
    if preferred and flow not in (None, "USER_AUTH"):
        raise click.UsageError(f"--preferred goes with USER_AUTH; {flow} has no choice of first factors.")
    return WayIn(auth_flow_type=flow or ("USER_AUTH" if preferred else "USER_SRP_AUTH"), preferred_challenge=preferred)


@asynccontextmanager
async def configured_flow(user_pool_id: str, client_id: str, endpoint: str | None) -> AsyncGenerator[AuthFlow]:
    """Open a flow with the pool that the options name. Raises `click.UsageError` where they cannot be right."""
    async with AsyncExitStack() as stack:
        try:
            if endpoint is None:
                region_of(user_pool_id)
            flow = await open_flow(FlowSettings(user_pool_id=user_pool_id, client_id=client_id, endpoint=endpoint), stack)
        except ValidationError as error:
            problems = [f"--{str(problem['loc'][0]).replace('_', '-')}: {problem['msg']}" for problem in error.errors()]
            raise click.UsageError(". ".join(problems)) from None
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--user-pool-id") from None
        yield flow
