"""Operations on the domains of managed login."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from auth_flow.embedded._fault import invalid_parameter, not_found
from auth_flow.embedded._login_models import Domain
from auth_flow.embedded._operations.shapes import UserPoolId
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService
from auth_flow.embedded._settings import Shape

DomainName = Annotated[
    str,
    Field(min_length=1, max_length=63, pattern=r"^[a-z0-9](?:[a-z0-9.\-]{0,61}[a-z0-9])?$"),
]


class CustomDomainConfig(Shape):
    """CustomDomainConfigType."""

    certificate_arn: Annotated[str, Field(min_length=20, max_length=2048)]


class DomainMembers(Request):
    """The members that name a domain of a pool."""

    domain: DomainName
    user_pool_id: UserPoolId


class CreateUserPoolDomainRequest(DomainMembers):
    managed_login_version: Literal[1, 2] = 1
    custom_domain_config: CustomDomainConfig | None = None


class UpdateUserPoolDomainRequest(DomainMembers):
    managed_login_version: Literal[1, 2] | None = None
    custom_domain_config: CustomDomainConfig | None = None


class DeleteUserPoolDomainRequest(DomainMembers): ...


class DescribeUserPoolDomainRequest(Request):
    domain: DomainName


@operation(CreateUserPoolDomainRequest)
async def create_user_pool_domain(
    service: CognitoService, request: CreateUserPoolDomainRequest
) -> Reply:
    """Give the pool a domain. A pool has one prefix domain and one custom domain at most."""
    pool = service.pool(request.user_pool_id)
    if _find(service, request.domain) is not None:
        raise invalid_parameter(
            f"Domain already associated with another user pool: {request.domain}"
        )
    custom = request.custom_domain_config
    if any((domain.certificate is None) == (custom is None) for domain in pool.domains):
        raise invalid_parameter("User pool already has a domain configured.")
    domain = Domain(
        name=request.domain,
        managed_login_version=request.managed_login_version,
        certificate=custom.certificate_arn if custom else None,
        created=service.clock(),
    )
    pool.domains.put(domain.name, domain)
    return _changed(domain)


@operation(UpdateUserPoolDomainRequest)
async def update_user_pool_domain(
    service: CognitoService, request: UpdateUserPoolDomainRequest
) -> Reply:
    """Change the domain's certificate or its version of managed login."""
    pool = service.pool(request.user_pool_id)
    domain = _of_pool(pool, request.domain)
    if request.managed_login_version is not None:
        domain.managed_login_version = request.managed_login_version
    if request.custom_domain_config is not None:
        domain.certificate = request.custom_domain_config.certificate_arn
    pool.domains.put(domain.name, domain)
    return _changed(domain)


@operation(DeleteUserPoolDomainRequest)
async def delete_user_pool_domain(
    service: CognitoService, request: DeleteUserPoolDomainRequest
) -> Reply:
    """Take the domain from the pool."""
    pool = service.pool(request.user_pool_id)
    pool.domains.take(_of_pool(pool, request.domain).name)
    return {}


@operation(DescribeUserPoolDomainRequest)
async def describe_user_pool_domain(
    service: CognitoService, request: DescribeUserPoolDomainRequest
) -> Reply:
    """Return a domain; the description of one that does not exist is empty."""
    pool = _find(service, request.domain)
    if pool is None:
        return {"DomainDescription": {}}
    domain = _of_pool(pool, request.domain)
    custom = {"CustomDomainConfig": {"CertificateArn": domain.certificate}}
    return {
        "DomainDescription": {
            "UserPoolId": pool.id,
            "AWSAccountId": pool.account,
            "Domain": domain.name,
            "Status": "ACTIVE",
            "Version": "1",
            "CloudFrontDistribution": _distribution(domain),
            "ManagedLoginVersion": domain.managed_login_version,
            **(custom if domain.certificate else {}),
        }
    }


def _find(service: CognitoService, name: str) -> EmbeddedUserPool | None:
    return next((pool for pool in service.pools.values() if pool.domains.get(name)), None)


def _of_pool(pool: EmbeddedUserPool, name: str) -> Domain:
    domain = pool.domains.get(name)
    if domain is None:
        raise not_found(f"No such domain: {name}")
    return domain


def _distribution(domain: Domain) -> str:
    return f"{domain.name.replace('.', '-')}.cloudfront.net"


def _changed(domain: Domain) -> Reply:
    custom = {"CloudFrontDomain": _distribution(domain)} if domain.certificate else {}
    return {"ManagedLoginVersion": domain.managed_login_version, **custom}
