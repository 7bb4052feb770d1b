"""The tags of user pools."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded._fault import not_found
from auth_flow.embedded._operations.pool_shapes import Tags
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService

Arn = Annotated[str, Field(min_length=20, max_length=2048)]


class TagResourceRequest(Request):
    resource_arn: Arn
    tags: Tags


class UntagResourceRequest(Request):
    resource_arn: Arn
    tag_keys: list[Annotated[str, Field(min_length=1, max_length=128)]]


class ListTagsForResourceRequest(Request):
    resource_arn: Arn


@operation(TagResourceRequest)
async def tag_resource(service: CognitoService, request: TagResourceRequest) -> Reply:
    """Add tags, or change their values."""
    pool = _pool(service, request.resource_arn)
    _set(pool, {**pool.settings.tags, **request.tags})
    return {}


@operation(UntagResourceRequest)
async def untag_resource(service: CognitoService, request: UntagResourceRequest) -> Reply:
    """Remove tags."""
    pool = _pool(service, request.resource_arn)
    kept = {key: value for key, value in pool.settings.tags.items() if key not in request.tag_keys}
    _set(pool, kept)
    return {}


@operation(ListTagsForResourceRequest)
async def list_tags_for_resource(
    service: CognitoService, request: ListTagsForResourceRequest
) -> Reply:
    """Return all tags of a pool."""
    return {"Tags": _pool(service, request.resource_arn).settings.tags}


def _pool(service: CognitoService, arn: str) -> EmbeddedUserPool:
    pool = service.pools.get(arn.rpartition("/")[2])
    if pool is None or pool.arn != arn:
        raise not_found(f"Resource {arn} does not exist.")
    return pool


def _set(pool: EmbeddedUserPool, tags: dict[str, str]) -> None:
    pool.settings = pool.settings.model_copy(update={"tags": tags})
