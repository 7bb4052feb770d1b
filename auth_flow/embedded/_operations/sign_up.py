"""SignUp, ConfirmSignUp and ResendConfirmationCode."""

from __future__ import annotations

import uuid
from contextlib import nullcontext

from auth_flow.embedded._aliases import check_username, verify_attribute
from auth_flow.embedded._challenges.auto_sign_in import SIGN_UP, sign_up_session
from auth_flow.embedded._delivery import MEDIUM_OF, check_code, send_code, simulated_details
from auth_flow.embedded._fault import (
    Fault,
    does_not_conform,
    expired_code,
    invalid_parameter,
    invalid_session,
    not_authorized,
    unknown_to_client,
)
from auth_flow.embedded._models import Client, User
from auth_flow.embedded._operations.shapes import (
    Attribute,
    ClientId,
    ClientMetadata,
    ConfirmationCode,
    Password,
    SecretHash,
    SessionToken,
    Username,
    as_dict,
)
from auth_flow.embedded._passwords import set_password
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply, Request, operation
from auth_flow.embedded._schema import check_attributes
from auth_flow.embedded._service import CognitoService, check_secret_hash
from auth_flow.embedded._sessions import open_session
from auth_flow.embedded._triggers import NO_CLIENT, fire


class SignUpRequest(Request):
    client_id: ClientId
    username: Username
    password: Password | None = None
    user_attributes: list[Attribute] | None = None
    validation_data: list[Attribute] | None = None
    client_metadata: ClientMetadata | None = None
    secret_hash: SecretHash | None = None


class ConfirmSignUpRequest(Request):
    client_id: ClientId
    username: Username
    confirmation_code: ConfirmationCode
    force_alias_creation: bool = False
    client_metadata: ClientMetadata | None = None
    session: SessionToken | None = None
    secret_hash: SecretHash | None = None


class ResendConfirmationCodeRequest(Request):
    client_id: ClientId
    username: Username
    client_metadata: ClientMetadata | None = None
    secret_hash: SecretHash | None = None


@operation(SignUpRequest)
async def sign_up(service: CognitoService, request: SignUpRequest) -> Reply:
    """Make an unconfirmed user and send a code to an address that the pool verifies."""
    pool, client = service.client(request.client_id)
    check_secret_hash(client, request.secret_hash, request.username)
    if pool.settings.admin_create_only:
        raise not_authorized("SignUp is not permitted for this user pool")
    user = await _new_user(pool, request)
    confirmed = await _pre_sign_up(pool, client, user, request)
    user.status = "CONFIRMED" if confirmed else "UNCONFIRMED"
    pool.save(user)
    reply: Reply = {"UserConfirmed": confirmed, "UserSub": user.sub}
    attribute = _to_verify(pool, user)
    if attribute and not confirmed:
        reply["CodeDeliveryDetails"] = await _send(
            pool, client, user, attribute, "SignUp", request.client_metadata
        )
    if confirmed:
        await post_confirmation(pool, client.id, user, request.client_metadata)
    if "ALLOW_USER_AUTH" in client.settings.explicit_auth_flows:
        reply["Session"] = sign_up_session(pool, client, user, confirmed=confirmed)
    return reply


@operation(ConfirmSignUpRequest)
async def confirm_sign_up(service: CognitoService, request: ConfirmSignUpRequest) -> Reply:
    """Confirm the user with the code; SignUp's session, handed on, becomes one to sign in with."""
    pool, client = service.client(request.client_id)
    check_secret_hash(client, request.secret_hash, request.username)
    user = pool.user(request.username)
    if user is None:
        raise expired_code() if client.protects_users else unknown_to_client()
    if user.status != "UNCONFIRMED":
        raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")
    with (
        open_session(pool, client, request.session) if request.session else nullcontext() as session
    ):
        if session and (session.challenge != SIGN_UP or session.username != user.username):
            raise invalid_session()
        attribute = check_code(pool, user, "SignUp", request.confirmation_code)
        await _confirm(
            pool,
            client.id,
            user,
            attribute,
            request.client_metadata,
            force=request.force_alias_creation,
        )
    return {"Session": sign_up_session(pool, client, user, confirmed=True)} if session else {}


@operation(ResendConfirmationCodeRequest)
async def resend_confirmation_code(
    service: CognitoService, request: ResendConfirmationCodeRequest
) -> Reply:
    """Send a new code; the one before is good no longer."""
    pool, client = service.client(request.client_id)
    check_secret_hash(client, request.secret_hash, request.username)
    user = pool.user(request.username)
    if user is None:
        if not client.protects_users:
            raise unknown_to_client()
        return {"CodeDeliveryDetails": simulated_details(pool, request.username)}
    if user.status != "UNCONFIRMED":
        raise invalid_parameter("User is already confirmed.")
    attribute = _to_verify(pool, user)
    if attribute is None:
        raise invalid_parameter("Cannot resend codes. Auto verification not turned on.")
    return {
        "CodeDeliveryDetails": await _send(
            pool, client, user, attribute, "ResendCode", request.client_metadata
        )
    }


async def confirm_by_link(pool: EmbeddedUserPool, username: str, link_token: str) -> None:
    """What a click on the link of a confirmation e-mail does; raises as ConfirmSignUp does if the
    link is no longer good.
    """
    user = pool.user(username)
    if user is None or user.status != "UNCONFIRMED":
        raise expired_code()
    attribute = check_code(pool, user, "SignUp", link_token)
    await _confirm(pool, NO_CLIENT, user, attribute)


async def _new_user(pool: EmbeddedUserPool, request: SignUpRequest) -> User:
    attributes = as_dict(request.user_attributes)
    kind = check_username(pool, request.username)
    if kind:
        attributes[kind] = request.username
    check_attributes(pool.settings, attributes)
    for name in pool.settings.required_attributes:
        if not attributes.get(name):
            raise does_not_conform(name, "The attribute is required")
    if pool.user(request.username) is not None:
        raise Fault(
            "UsernameExistsException",
            "User already exists"
            if kind is None
            else f"An account with the given {kind} already exists.",
        )
    now, sub = pool.clock(), str(uuid.uuid4())
    username = sub if kind else request.username
    user = User(
        username=username,
        sub=sub,
        status="UNCONFIRMED",
        attributes=attributes,
        created=now,
        modified=now,
    )
    if request.password is not None:
        await set_password(pool, user, request.password)
    elif set(pool.settings.first_factors) == {"PASSWORD"}:
        raise invalid_parameter(
            "1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null"
        )
    return user


async def _pre_sign_up(
    pool: EmbeddedUserPool, client: Client, user: User, request: SignUpRequest
) -> bool:
    """Ask the PreSignUp trigger, and return whether it confirms the user."""
    response = await fire(
        pool,
        "PreSignUp",
        "SignUp",
        client_id=client.id,
        username=user.username,
        user=user,
        request={
            "validationData": as_dict(request.validation_data),
            "clientMetadata": request.client_metadata or {},
        },
        response={"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    )
    for flag, attribute in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if response and response.get(flag) and attribute in user.attributes:
            verify_attribute(pool, user, attribute)
    return bool(response and response.get("autoConfirmUser"))


async def _confirm(
    pool: EmbeddedUserPool,
    client_id: str,
    user: User,
    attribute: str,
    metadata: dict[str, str] | None = None,
    *,
    force: bool = False,
) -> None:
    verify_attribute(pool, user, attribute, force=force)
    del user.codes["SignUp"]
    user.status = "CONFIRMED"
    pool.save(user)
    await post_confirmation(pool, client_id, user, metadata)


async def post_confirmation(
    pool: EmbeddedUserPool, client_id: str, user: User, metadata: dict[str, str] | None = None
) -> None:
    """Tell the PostConfirmation trigger of a user who is confirmed."""
    request = {"clientMetadata": metadata or {}}
    await fire(
        pool,
        "PostConfirmation",
        "ConfirmSignUp",
        client_id=client_id,
        username=user.username,
        user=user,
        request=request,
    )


def _to_verify(pool: EmbeddedUserPool, user: User) -> str | None:
    """The attribute a confirmation code goes to; the telephone where the pool verifies both."""
    wanted = pool.settings.auto_verified_attributes
    return next(
        (name for name in ("phone_number", "email") if name in wanted and name in user.attributes),
        None,
    )


async def _send(
    pool: EmbeddedUserPool,
    client: Client,
    user: User,
    attribute: str,
    purpose: str,
    metadata: dict[str, str] | None,
) -> dict[str, str]:
    medium = MEDIUM_OF[attribute]
    return await send_code(
        pool,
        user,
        medium,
        kept_as="SignUp",
        purpose=purpose,
        client_id=client.id,
        client_metadata=metadata,
    )
