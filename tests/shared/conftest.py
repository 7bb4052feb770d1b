"""Stores of every kind for shared flows, and a pool whose user has a second factor."""

from __future__ import annotations

import pytest

from auth_flow import UserPool
from auth_flow.embedded import EmbeddedCognito, PoolSettings, SigningKey
from tests.stores.conftest import key, kind, opened, place, redis, store  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    return SigningKey()


@pytest.fixture
def pool(service: EmbeddedCognito, signing_key: SigningKey) -> UserPool:
    pool = service.create_pool(PoolSettings(mfa_configuration="OPTIONAL"), key=signing_key)
    pool.create_user(
        "ada", "Correct-Horse-1", attributes={"phone_number": "+15555555309"}, mfa=["SMS_MFA"]
    )
    return UserPool(user_pool_id=pool.id, client_id=pool.create_client().id)
