"""SignUp, ConfirmSignUp and ResendConfirmationCode."""

from __future__ import annotations

import uuid
from contextlib import nullcontext

from auth_flow.embedded._aliases import check_username, verify_attribute
from auth_flow.embedded._challenges.auto_sign_in import SIGN_UP, sign_up_session
from auth_flow.embedded._context import Context
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
from auth_flow.embedded._firing import fire, pre_sign_up
from auth_flow.embedded._models import Client, Code, User
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
from auth_flow.embedded._schema import check_attributes, check_writable
from auth_flow.embedded._service import CognitoService, check_secret_hash
from auth_flow.embedded._sessions import open_session


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
    """Make a user, and send a code to an address or phone number that the pool verifies."""
    pool, client = service.client(request.client_id)
    check_secret_hash(client, request.secret_hash, request.username)
    if pool.settings.admin_create_only:
        raise not_authorized("SignUp is not permitted for this user pool")
    user = await _new_user(pool, client, request)
    context = Context.about(
        pool, user, client_id=client.id, client_metadata=request.client_metadata
    )
    confirmed = await pre_sign_up(context, "SignUp", as_dict(request.validation_data))
    user.status = "CONFIRMED" if confirmed else "UNCONFIRMED"
    _check_free(pool, user)
    pool.save(user)
    reply: Reply = {"UserConfirmed": confirmed, "UserSub": user.sub}
    attribute = _to_verify(pool, user)
    if attribute and not confirmed:
        reply["CodeDeliveryDetails"] = await send_code(
            context, MEDIUM_OF[attribute], kept_as="SignUp", purpose="SignUp"
        )
    if confirmed:
        await post_confirmation(context, "ConfirmSignUp")
    return reply | sign_up_session(pool, client, user, confirmed=confirmed)


@operation(ConfirmSignUpRequest)
async def confirm_sign_up(service: CognitoService, request: ConfirmSignUpRequest) -> Reply:
    """Confirm the user with the code, and return a session to sign in with.

    SignUp's session may come along; it is checked and used up.
    """
    pool, client = service.client(request.client_id)
    check_secret_hash(client, request.secret_hash, request.username)
    user = pool.user(request.username)
    if user is None:
        raise expired_code() if client.protects_users else unknown_to_client()
    if user.status != "UNCONFIRMED":
        raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")
    context = Context.about(
        pool, user, client_id=client.id, client_metadata=request.client_metadata
    )
    with (
        open_session(pool, client, request.session) if request.session else nullcontext() as session
    ):
        if session and (session.challenge != SIGN_UP or session.username != user.username):
            raise invalid_session()
        code = check_code(pool, user, "SignUp", request.confirmation_code)
        await _confirm(context, code, force=request.force_alias_creation)
    return sign_up_session(pool, client, user, confirmed=True)


@operation(ResendConfirmationCodeRequest)
async def resend_confirmation_code(
    service: CognitoService, request: ResendConfirmationCodeRequest
) -> Reply:
    """Send a new code, which replaces the one before."""
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
    context = Context.about(
        pool, user, client_id=client.id, client_metadata=request.client_metadata
    )
    details = await send_code(context, MEDIUM_OF[attribute], kept_as="SignUp", purpose="ResendCode")
    return {"CodeDeliveryDetails": details}


async def confirm_by_link(pool: EmbeddedUserPool, username: str, link_token: str) -> None:
    """Confirm a user by the link of a confirmation e-mail.

    Raises the same errors as ConfirmSignUp if the link is no longer valid.
    """
    user = pool.user(username)
    if user is None or user.status != "UNCONFIRMED":
        raise expired_code()
    await _confirm(Context.about(pool, user), check_code(pool, user, "SignUp", link_token))


async def post_confirmation(context: Context, source: str) -> None:
    """Run the PostConfirmation trigger after a confirmation or a password reset."""
    await fire(context, "PostConfirmation", source, context.metadata_member)


async def _new_user(pool: EmbeddedUserPool, client: Client, request: SignUpRequest) -> User:
    attributes = as_dict(request.user_attributes)
    check_writable(pool.settings, attributes, client=client.settings)
    kind = check_username(pool, request.username)
    if kind:
        attributes[kind] = request.username
    check_attributes(pool.settings, attributes, client=None)
    for name in pool.settings.required_attributes:
        if not attributes.get(name):
            raise does_not_conform(name, "The attribute is required")
    if pool.user(request.username) is not None:
        raise _exists(kind)
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
            "1 validation error detected: Value null at 'password' failed to satisfy constraint: "
            "Member must not be null"
        )
    return user


def _check_free(pool: EmbeddedUserPool, user: User) -> None:
    """Raise UsernameExistsException if a name that the user would have belongs to another user."""
    owners = pool.alias_owners(user)
    if owners:
        raise _exists(owners[0][0])


def _exists(alias: str | None) -> Fault:
    message = (
        f"An account with the given {alias} already exists." if alias else "User already exists"
    )
    return Fault("UsernameExistsException", message)


async def _confirm(context: Context, code: Code, *, force: bool = False) -> None:
    pool, user = context.pool, context.existing_user
    verify_attribute(pool, user, code.attribute, code.destination, force=force)
    del user.codes["SignUp"]
    user.status = "CONFIRMED"
    pool.save(user)
    await post_confirmation(context, "ConfirmSignUp")


def _to_verify(pool: EmbeddedUserPool, user: User) -> str | None:
    """Return the attribute that a confirmation code goes to; a phone number is preferred."""
    wanted = pool.settings.auto_verified_attributes
    return next(
        (name for name in ("phone_number", "email") if name in wanted and name in user.attributes),
        None,
    )
