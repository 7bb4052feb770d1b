"""The user pool, the app client that a program is, and the address of the service."""

from __future__ import annotations

import os
import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationError

from auth_flow.states._app_client import AppClient, HostedPages
from auth_flow.transports._endpoints import checked_url, endpoint_for, region_of

_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_HERE = ("localhost", "127.0.0.1", "::1")


def _checked_domain(domain: str) -> str:
    """Check a domain: a prefix, a host, or a URL without a path. Plain http is for this machine."""
    if _PREFIX.fullmatch(domain) and domain != "localhost":
        return domain
    parts = urlsplit(domain if "://" in domain else f"https://{domain}")
    good = (
        parts.hostname is not None
        and re.fullmatch(r"[A-Za-z0-9.:-]+", parts.hostname)
        and parts.path in ("", "/")
        and not (parts.query or parts.fragment or parts.username)
        and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE))
    )
    if not good:
        raise ValueError(
            "a domain is a prefix such as 'myapp', a host such as 'login.example.com', or its URL"
        )
    return domain


_FROM_ENVIRONMENT = ("user_pool_id", "client_id", "client_secret", "endpoint", "domain")


class UserPool(AppClient):
    """A user pool, the app client that this program is, and the service's address.

    `endpoint` replaces the service's URL, which otherwise follows from the region in the pool's id.
    `domain` is that of the hosted pages, for redirect sign-in: the prefix of an Amazon domain
    (`myapp`), or a host of your own.
    """

    endpoint: Annotated[str, AfterValidator(checked_url)] | None = None
    domain: Annotated[str, AfterValidator(_checked_domain)] | None = None

    @property
    def url(self) -> str:
        """The URL that requests go to. Raises `ValueError` if the pool's id names no AWS region."""
        return self.endpoint or endpoint_for(self.user_pool_id)

    @property
    def issuers(self) -> tuple[str, ...]:
        """The values of `iss` in the pool's tokens.

        They are the service's endpoint, the newer `https://issuer-cognito-idp.…`, and `endpoint` if
        it is set. Raises `ValueError` if the pool's id names no AWS region and `endpoint` is None.
        """
        try:
            hosts = [
                endpoint_for(self.user_pool_id),
                endpoint_for(self.user_pool_id, "issuer-cognito-idp"),
            ]
        except ValueError:
            if self.endpoint is None:
                raise
            hosts = []
        if self.endpoint is not None:
            hosts.append(self.endpoint.rstrip("/"))
        return tuple(f"{host}/{self.user_pool_id}" for host in hosts)

    def keys_url(self, issuer: str) -> str:
        """Return the address of an issuer's keys, a JWK set; at `endpoint` if it is set."""
        base = f"{self.endpoint.rstrip('/')}/{self.user_pool_id}" if self.endpoint else issuer
        return f"{base}/.well-known/jwks.json"

    @property
    def hosted(self) -> HostedPages | None:
        """The domain of the hosted pages, None if there is none."""
        if self.domain is None:
            return None
        return HostedPages(
            url=self._domain_url(self.domain),
            issuers=self.issuers,
            keys_url=self.keys_url(self.issuers[0]),
        )

    def _domain_url(self, domain: str) -> str:
        if "://" in domain:
            return domain.rstrip("/")
        if _PREFIX.fullmatch(domain) and domain != "localhost":
            return f"https://{domain}.auth.{region_of(self.user_pool_id)}.amazoncognito.com"
        scheme = "http" if urlsplit(f"//{domain}").hostname in _HERE else "https"
        return f"{scheme}://{domain}"

    @classmethod
    def from_env(cls, prefix: str = "AUTH_FLOW_") -> Self:
        """Read the pool from environment variables, as the command line does.

        They are `AUTH_FLOW_USER_POOL_ID`, `AUTH_FLOW_CLIENT_ID`, and if needed
        `AUTH_FLOW_CLIENT_SECRET`, `AUTH_FLOW_ENDPOINT` and `AUTH_FLOW_DOMAIN`; an empty one counts
        as missing. Raises `ValueError` naming the variables that are missing or wrong.
        """
        variables = {name: prefix + name.upper() for name in _FROM_ENVIRONMENT}
        given = {name: os.environ.get(variable) or None for name, variable in variables.items()}
        missing = [variables[name] for name in ("user_pool_id", "client_id") if not given[name]]
        if missing:
            raise ValueError(f"Set {' and '.join(missing)} to name the user pool and its client.")
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = [
                f"{variables[str(problem['loc'][0])]}: {problem['msg']}"
                for problem in error.errors()
            ]
        raise ValueError(". ".join(problems))
