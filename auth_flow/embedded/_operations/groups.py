"""Groups, and their members."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auth_flow.embedded._fault import Fault, not_found
from auth_flow.embedded._groups import groups_of
from auth_flow.embedded._models import Group
from auth_flow.embedded._operations.shapes import Username, UserPoolId, shown_user
from auth_flow.embedded._paging import page
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._service import CognitoService

GroupName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^\S+$")]
RoleArn = Annotated[str, Field(min_length=20, max_length=2048, pattern=r"^arn:[\w+=/,.@:-]+$")]
Limit = Annotated[int, Field(ge=0, le=60)] | None


class OfGroup(Request):
    """The members that name a group."""

    group_name: GroupName
    user_pool_id: UserPoolId


class GroupDetails(OfGroup):
    """The members that describe a group."""

    description: Annotated[str, Field(max_length=2048)] | None = None
    role_arn: RoleArn | None = None
    precedence: Annotated[int, Field(ge=0)] | None = None


class CreateGroupRequest(GroupDetails): ...


class UpdateGroupRequest(GroupDetails): ...


class GetGroupRequest(OfGroup): ...


class DeleteGroupRequest(OfGroup): ...


class ListGroupsRequest(Request):
    user_pool_id: UserPoolId
    limit: Limit = None
    next_token: str | None = None


class ListUsersInGroupRequest(OfGroup):
    limit: Limit = None
    next_token: str | None = None


class AdminAddUserToGroupRequest(OfGroup):
    username: Username


class AdminRemoveUserFromGroupRequest(OfGroup):
    username: Username


class AdminListGroupsForUserRequest(Request):
    username: Username
    user_pool_id: UserPoolId
    limit: Limit = None
    next_token: str | None = None


@operation(CreateGroupRequest)
async def create_group(service: CognitoService, request: CreateGroupRequest) -> Reply:
    """Make a group."""
    pool = service.pool(request.user_pool_id)
    if pool.groups.get(request.group_name):
        raise Fault("GroupExistsException", "A group with the name already exists.")
    group = Group(
        name=request.group_name,
        description=request.description,
        role_arn=request.role_arn,
        precedence=request.precedence,
        created=pool.clock(),
        modified=pool.clock(),
    )
    pool.groups.put(group.name, group)
    return {"Group": _shown(pool, group)}


@operation(GetGroupRequest)
async def get_group(service: CognitoService, request: GetGroupRequest) -> Reply:
    """Return a group."""
    pool = service.pool(request.user_pool_id)
    return {"Group": _shown(pool, _group(pool, request.group_name))}


@operation(UpdateGroupRequest)
async def update_group(service: CognitoService, request: UpdateGroupRequest) -> Reply:
    """Change the members that the request has; the others stay."""
    pool = service.pool(request.user_pool_id)
    group = _group(pool, request.group_name)
    changes = request.model_dump(include={"description", "role_arn", "precedence"})
    given = {name: value for name, value in changes.items() if value is not None}
    changed = group.model_copy(update={**given, "modified": pool.clock()})
    pool.groups.put(group.name, changed)
    return {"Group": _shown(pool, changed)}


@operation(DeleteGroupRequest)
async def delete_group(service: CognitoService, request: DeleteGroupRequest) -> Reply:
    """Delete a group; its members stay users."""
    pool = service.pool(request.user_pool_id)
    name = _group(pool, request.group_name).name
    pool.groups.take(name)
    for user in pool.users:
        if name in user.groups:
            user.groups.remove(name)
            pool.save(user)
    return {}


@operation(ListGroupsRequest)
async def list_groups(service: CognitoService, request: ListGroupsRequest) -> Reply:
    """Return a page of groups."""
    pool = service.pool(request.user_pool_id)
    return _page_of(pool, list(pool.groups), request.limit, request.next_token)


@operation(ListUsersInGroupRequest)
async def list_users_in_group(service: CognitoService, request: ListUsersInGroupRequest) -> Reply:
    """Return a page of a group's members."""
    pool = service.pool(request.user_pool_id)
    name = _group(pool, request.group_name).name
    members = [user for user in pool.users if name in user.groups]
    users, token = page(members, request.limit, request.next_token)
    shown = [shown_user(user, "Attributes") for user in users]
    return {"Users": shown} | ({"NextToken": token} if token else {})


@operation(AdminAddUserToGroupRequest)
async def admin_add_user_to_group(
    service: CognitoService, request: AdminAddUserToGroupRequest
) -> Reply:
    """Make a user a member; a member stays one."""
    pool, user = service.user(request.user_pool_id, request.username)
    name = _group(pool, request.group_name).name
    if name not in user.groups:
        user.groups.append(name)
        pool.save(user)
    return {}


@operation(AdminRemoveUserFromGroupRequest)
async def admin_remove_user_from_group(
    service: CognitoService, request: AdminRemoveUserFromGroupRequest
) -> Reply:
    """End a user's membership, if there is one."""
    pool, user = service.user(request.user_pool_id, request.username)
    name = _group(pool, request.group_name).name
    if name in user.groups:
        user.groups.remove(name)
        pool.save(user)
    return {}


@operation(AdminListGroupsForUserRequest)
async def admin_list_groups_for_user(
    service: CognitoService, request: AdminListGroupsForUserRequest
) -> Reply:
    """Return a page of the groups that a user is in."""
    pool, user = service.user(request.user_pool_id, request.username)
    return _page_of(pool, groups_of(pool, user), request.limit, request.next_token)


def _group(pool: EmbeddedUserPool, name: str) -> Group:
    group = pool.groups.get(name)
    if group is None:
        raise not_found("Group not found.")
    return group


def _page_of(pool: EmbeddedUserPool, groups: list[Group], limit: Limit, token: str | None) -> Reply:
    shown, following = page(groups, limit, token)
    return {"Groups": [_shown(pool, group) for group in shown]} | (
        {"NextToken": following} if following else {}
    )


def _shown(pool: EmbeddedUserPool, group: Group) -> Reply:
    optional = {
        "Description": group.description,
        "RoleArn": group.role_arn,
        "Precedence": group.precedence,
    }
    return {
        "GroupName": group.name,
        "UserPoolId": pool.id,
        **{name: value for name, value in optional.items() if value is not None},
        "CreationDate": group.created,
        "LastModifiedDate": group.modified,
    }
