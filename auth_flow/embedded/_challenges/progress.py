"""The order of a sign-in's steps: first factor, new password, second factor, device, tokens."""

from __future__ import annotations

import json
import secrets
import uuid

from auth_flow.embedded._challenges.attempt import Attempt, put_challenge
from auth_flow.embedded._challenges.step_up import falls_short, missing_second_factors
from auth_flow.embedded._claims import TokenSource
from auth_flow.embedded._fault import not_authorized
from auth_flow.embedded._firing import fire
from auth_flow.embedded._grants import open_grant
from auth_flow.embedded._hosted import is_managed_login
from auth_flow.embedded._models import Device, User
from auth_flow.embedded._pool import EmbeddedUserPool
from auth_flow.embedded._registry import Reply
from auth_flow.embedded._service import check_may_sign_in

ATTRIBUTE_FOR = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}


async def first_factor_passed(attempt: Attempt) -> Reply:
    """Check that the user may sign in, then go on to a new password or the second factor."""
    user = attempt.known_user
    check_may_sign_in(user)
    if user.status == "FORCE_CHANGE_PASSWORD":
        return _ask_new_password(attempt)
    return await ask_second_factor(attempt)


async def ask_second_factor(attempt: Attempt) -> Reply:
    """Ask for the second factor that the pool and the user want, if there is one."""
    pool, user = attempt.pool, attempt.known_user
    factors = missing_second_factors(attempt)
    if not factors:
        if attempt.session.passwordless or _replaces_mfa(pool, attempt.device):
            return await second_factor_passed(attempt)
        factors = active_factors(pool, user)
    if user.preferred_mfa in factors:
        return await put_challenge(attempt, user.preferred_mfa)
    if len(factors) == 1:
        return await put_challenge(attempt, factors[0])
    if factors:
        attempt.session.choices = factors
        return attempt.ask(
            "SELECT_MFA_TYPE", _identified(attempt, MFAS_CAN_CHOOSE=json.dumps(factors))
        )
    if pool.settings.mfa_configuration == "ON":
        attempt.session.choices = list(pool.settings.mfa_factors)
        return attempt.ask(
            "MFA_SETUP", _identified(attempt, MFAS_CAN_SETUP=json.dumps(attempt.session.choices))
        )
    return await second_factor_passed(attempt)


async def mfa_passed(attempt: Attempt) -> Reply:
    """Go on after a second factor that was asked for and given."""
    attempt.session.mfa_passed = True
    return await second_factor_passed(attempt)


async def second_factor_passed(attempt: Attempt) -> Reply:
    """Ask the device that the sign-in has named for its proof, or finish."""
    device = attempt.device
    if device and device.verifier and not attempt.session.device_proven:
        return attempt.ask(
            "DEVICE_SRP_AUTH", {"USERNAME": attempt.identity, "DEVICE_KEY": device.key}
        )
    return await finish(attempt)


async def finish(attempt: Attempt) -> Reply:
    """Issue the tokens, and keys for a new device if the pool tracks devices.

    An administrator may have barred the user since the first factor.
    """
    pool, client, user, device = attempt.pool, attempt.client, attempt.known_user, attempt.device
    check_may_sign_in(user)
    if falls_short(attempt):
        raise not_authorized("The requested authentication level was not reached.")
    tracks = pool.settings.device_tracking != "OFF" and not is_managed_login()
    context = attempt.context
    await fire(
        context,
        "PostAuthentication",
        "Authentication",
        {"newDeviceUsed": tracks and device is None, **context.metadata_member},
    )
    metadata: dict[str, str] | None = None
    # Without a password, CUSTOM_AUTH does not lead to a device that could be confirmed.
    if (
        tracks
        and device is None
        and (attempt.session.password_proven or not attempt.session.custom)
    ):
        device = _new_device(pool)
        user.devices[device.key] = device
        metadata = {"DeviceKey": device.key, "DeviceGroupKey": device.group_key}
    if device is not None:
        device.last_authenticated = pool.clock()
        device.mfa_passed |= attempt.session.mfa_passed
    pool.save(user)
    is_asked_for = attempt.session.target_levels or is_managed_login()
    result = await open_grant(
        context,
        client,
        device_key=device.key if device else None,
        source=_source(attempt),
        methods=attempt.session.methods if is_asked_for else (),
    )
    return {
        "ChallengeParameters": {},
        "AuthenticationResult": result | ({"NewDeviceMetadata": metadata} if metadata else {}),
    }


def active_factors(pool: EmbeddedUserPool, user: User) -> list[str]:
    """Return the second factors that the user can be asked for now, in the pool's order.

    If MFA is optional, these are the factors that the user has turned on. If it is required, a
    software token and a verified phone number or address count even if they are not turned on.
    """
    mode = pool.settings.mfa_configuration
    ready: list[str] = [
        factor for factor in pool.settings.mfa_factors if mode != "OFF" and _can_use(user, factor)
    ]
    enabled: list[str] = [factor for factor in ready if factor in user.mfa]
    if enabled or mode == "OPTIONAL":
        return enabled
    return [
        factor
        for factor in ready
        if factor == "SOFTWARE_TOKEN_MFA" or user.verified(ATTRIBUTE_FOR[factor])
    ]


def _replaces_mfa(pool: EmbeddedUserPool, device: Device | None) -> bool:
    """Return whether the device spares the second factor; it still has to prove itself.

    A device that was remembered before the user had a second factor has to see it once.
    """
    return (
        device is not None
        and device.remembered
        and device.verifier is not None
        and device.mfa_passed
        and pool.settings.trusted_devices_skip_mfa
    )


def _source(attempt: Attempt) -> TokenSource:
    if attempt.session.device_proven:
        return "AuthenticateDevice"
    return "NewPasswordChallenge" if attempt.session.password_replaced else "Authentication"


def _can_use(user: User, factor: str) -> bool:
    return (
        user.totp is not None
        if factor == "SOFTWARE_TOKEN_MFA"
        else ATTRIBUTE_FOR[factor] in user.attributes
    )


def _ask_new_password(attempt: Attempt) -> Reply:
    pool, user = attempt.pool, attempt.known_user
    if (
        user.temporary_password_expires is not None
        and user.temporary_password_expires <= pool.clock()
    ):
        raise not_authorized(
            "Temporary password has expired and must be reset by an administrator."
        )
    missing = [name for name in pool.settings.required_attributes if name not in user.attributes]
    parameters = {
        "userAttributes": json.dumps(user.attributes),
        "requiredAttributes": json.dumps([f"userAttributes.{name}" for name in missing]),
    }
    return attempt.ask("NEW_PASSWORD_REQUIRED", _identified(attempt, **parameters))


def _identified(attempt: Attempt, **parameters: str) -> dict[str, str]:
    return {"USER_ID_FOR_SRP": attempt.identity, **parameters}


def _new_device(pool: EmbeddedUserPool) -> Device:
    now = pool.clock()
    return Device(
        key=f"{pool.region}_{uuid.uuid4()}",
        group_key=f"-{secrets.token_hex(4)}",
        created=now,
        modified=now,
        last_authenticated=now,
    )
