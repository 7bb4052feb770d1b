"""Passwords: what the policy demands of them, how they are kept, and how a wrong one slows the next
one down.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import anyio.to_thread

from auth_flow.embedded._fault import Fault, not_authorized
from auth_flow.embedded._srp import Verifier

if TYPE_CHECKING:
    from auth_flow.embedded._models import User
    from auth_flow.embedded._pool import EmbeddedUserPool
    from auth_flow.embedded._settings import PasswordPolicy

LONGEST_LOCK_OUT = 900.0
SYMBOLS = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "


def check_policy(policy: PasswordPolicy, password: str) -> None:
    """Raise InvalidPasswordException with the first reason why the password will not do."""
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
    """Check the policy and keep the password's verifier; what was temporary is so no longer."""
    check_policy(pool.settings.password_policy, password)
    user.password = await anyio.to_thread.run_sync(Verifier.of, pool.group, user.username, password)
    user.temporary_password_expires = None
    user.wrong_passwords, user.locked_until = 0, 0


async def check_password(
    pool: EmbeddedUserPool, user: User | None, identity: str, password: str
) -> None:
    """Raise NotAuthorizedException unless this is the user's password. It takes as long where there
    is no such user.
    """
    check_lock(pool, user)
    verifier = (
        user.password if user and user.password else Verifier.simulated(pool.secret, identity)
    )
    right = await anyio.to_thread.run_sync(
        verifier.matches, pool.group, user.username if user else identity, password
    )
    note_proof(pool, user, right=right)


def check_lock(pool: EmbeddedUserPool, user: User | None) -> None:
    """Raise NotAuthorizedException while too many wrong passwords lock the user out."""
    if user and pool.clock() < user.locked_until:
        raise not_authorized("Password attempts exceeded")


def note_proof(pool: EmbeddedUserPool, user: User | None, *, right: bool) -> None:
    """Count a wrong password and raise NotAuthorizedException for it; forget the wrong ones after a
    right one.
    """
    if user:
        user.wrong_passwords = 0 if right else user.wrong_passwords + 1
        excess = user.wrong_passwords - pool.settings.limits.wrong_passwords
        if excess >= 0:
            user.locked_until = pool.clock() + min(2.0**excess, LONGEST_LOCK_OUT)
        pool.save(user)
    if not right or user is None:
        raise not_authorized()


def temporary_password(policy: PasswordPolicy) -> str:
    """A random password that every policy accepts."""
    return f"Aa1!{secrets.token_urlsafe(max(policy.minimum_length, 12))}"
