"""Passwords: the policy, the verifiers that are kept of them, and the lock-out after wrong ones."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import anyio.to_thread

from auth_flow.embedded._fault import Fault, not_authorized
from auth_flow.embedded._models import PasswordAttempts
from auth_flow.embedded._srp import Verifier

if TYPE_CHECKING:
    from auth_flow.embedded._models import User
    from auth_flow.embedded._pool import EmbeddedUserPool
    from auth_flow.embedded._settings import PasswordPolicy

LONGEST_LOCK_OUT = 900.0
SYMBOLS = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "


def check_policy(policy: PasswordPolicy, password: str) -> None:
    """Raise InvalidPasswordException with the first rule that the password breaks."""
    rules = (
        (len(password) >= policy.minimum_length, "Password not long enough"),
        (
            not policy.require_uppercase or any(c.isupper() for c in password),
            "Password must have uppercase characters",
        ),
        (
            not policy.require_lowercase or any(c.islower() for c in password),
            "Password must have lowercase characters",
        ),
        (
            not policy.require_numbers or any(c.isdigit() for c in password),
            "Password must have numeric characters",
        ),
        (
            not policy.require_symbols or any(c in SYMBOLS for c in password),
            "Password must have symbol characters",
        ),
    )
    for fits, reason in rules:
        if not fits:
            raise Fault(
                "InvalidPasswordException", f"Password did not conform with policy: {reason}"
            )


async def set_password(pool: EmbeddedUserPool, user: User, password: str) -> None:
    """Check a new password and keep its verifier. The user is not saved.

    Raises InvalidPasswordException or PasswordHistoryPolicyViolationException.
    """
    policy = pool.settings.password_policy
    check_policy(policy, password)
    past = [user.password, *user.password_history] if user.password else []
    forbidden = past[: policy.password_history_size]
    for verifier in forbidden:
        if await anyio.to_thread.run_sync(verifier.matches, pool.group, user.username, password):
            raise Fault(
                "PasswordHistoryPolicyViolationException", "Password has previously been used"
            )
    user.password = await anyio.to_thread.run_sync(Verifier.of, pool.group, user.username, password)
    user.password_history = forbidden
    user.temporary_password_expires = None
    user.password_attempts = PasswordAttempts()


def verifier_of(pool: EmbeddedUserPool, user: User | None, identity: str) -> Verifier:
    """Return the verifier of the user's password, or one that no password fits."""
    return user.password if user and user.password else Verifier.simulated(pool.secret, identity)


async def check_password(
    pool: EmbeddedUserPool, user: User | None, identity: str, password: str
) -> None:
    """Raise NotAuthorizedException unless this is the user's password.

    The check takes as long if the user does not exist.
    """
    check_lock(pool, user, identity)
    verifier = verifier_of(pool, user, identity)
    right = await anyio.to_thread.run_sync(verifier.matches, pool.group, identity, password)
    note_proof(pool, user, identity, right=right)


def check_lock(pool: EmbeddedUserPool, user: User | None, identity: str) -> None:
    """Raise NotAuthorizedException while too many wrong passwords lock the user out."""
    if pool.clock() < pool.password_attempts(user, identity).locked_until:
        raise not_authorized("Password attempts exceeded")


def note_proof(pool: EmbeddedUserPool, user: User | None, identity: str, *, right: bool) -> None:
    """Count a wrong password and raise NotAuthorizedException; after a right one, start afresh."""
    attempts = pool.password_attempts(user, identity)
    attempts.wrong = 0 if right else attempts.wrong + 1
    excess = attempts.wrong - pool.settings.limits.wrong_passwords
    if excess >= 0:
        attempts.locked_until = pool.clock() + min(2**excess, LONGEST_LOCK_OUT)
    if user is not None:
        pool.save(user)
    if not right:
        raise not_authorized()


def temporary_password(policy: PasswordPolicy) -> str:
    """Return a random password that every policy accepts."""
    return f"Aa1!{secrets.token_urlsafe(max(policy.minimum_length, 12))}"
