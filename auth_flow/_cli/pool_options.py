"""Options that several commands share: the user pool, and how to sign in to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, get_args

import click

from auth_flow._cli.named_pool import NamedPool
from auth_flow._user_pool import UserPool
from auth_flow.states._events import AuthFlowType, Factor, SignInOptions

Command = Callable[..., None]


_OPTIONS = tuple(option.replace("-", "_") for option in NamedPool.OPTIONS)


def takes_pool(command: Command) -> Command:
    """Add the options that name a user pool. The command gets it as `pool`."""

    @wraps(command)
    def with_pool(**given: Any) -> None:
        options = {name: given.pop(name) for name in _OPTIONS}
        command(pool=_pool(NamedPool(**options)), **given)

    for option in ("oauth-domain", "endpoint", "client-id", "user-pool-id"):
        meaning = NamedPool.OPTIONS[option]
        with_pool = click.option(
            f"--{option}",
            envvar=NamedPool.variable(option),
            required=option in ("client-id", "user-pool-id"),
            show_envvar=True,
            help=f"{meaning[0].upper()}{meaning[1:]}.",
        )(with_pool)
    return with_pool


def _pool(named: NamedPool) -> UserPool:
    try:
        return named.user_pool()
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def takes_sign_in_options(command: Command) -> Command:
    """Add the options that choose how to sign in. The command gets them as `sign_in_options`."""

    @wraps(command)
    def with_options(*, flow: AuthFlowType | None, preferred: Factor | None, **rest: Any) -> None:
        command(sign_in_options=_sign_in_options(flow, preferred), **rest)

    flow_option = click.option(
        "--flow",
        type=click.Choice(get_args(AuthFlowType)),
        help="How the sign-in begins.  [default: USER_SRP_AUTH; USER_AUTH with --preferred]",
    )
    preferred_option = click.option(
        "--preferred",
        type=click.Choice(get_args(Factor)),
        help="The first factor to begin with, for USER_AUTH.",
    )
    return flow_option(preferred_option(with_options))


def _sign_in_options(flow: AuthFlowType | None, preferred: Factor | None) -> SignInOptions:
    if preferred and flow not in (None, "USER_AUTH"):
        raise click.UsageError(
            f"--preferred needs USER_AUTH, because {flow} has no choice of first factors."
        )
    return SignInOptions(
        auth_flow_type=flow or ("USER_AUTH" if preferred else "USER_SRP_AUTH"),
        preferred_challenge=preferred,
    )
