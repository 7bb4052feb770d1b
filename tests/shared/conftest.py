"""Stores of every kind for shared flows."""

from __future__ import annotations

from tests.stores.conftest import key, kind, opened, place, redis, store  # noqa: F401 - fixtures
