"""The offer of a passkey after a sign-in."""

from __future__ import annotations

import pytest

from auth_flow.errors import ServiceError, TransportClosed
from auth_flow.passkeys import SoftwareAuthenticator
from tests.passkeys.conftest import RP_ID, Place

pytestmark = pytest.mark.anyio


async def test_an_offer_that_is_taken(place: Place) -> None:
    session, authenticator = await place.by_password(), SoftwareAuthenticator(RP_ID)
    offer = await session.passkey_offer()
    assert offer
    assert offer.user.name == "ada"
    await session.complete_passkey_registration(await authenticator.create(offer))
    assert await session.passkey_offer() is None, "the user has one now"
    await place.sign_in(authenticator)


@pytest.mark.parametrize(
    "settings",
    [{"first_factors": ("PASSWORD",)}, {"relying_party_id": ""}],
    ids=["no passkeys", "no relying party"],
)
async def test_nothing_to_offer(place: Place, settings: dict[str, object]) -> None:
    session = await place.by_password()
    place.settings(**settings)
    with pytest.raises(ServiceError):
        await session.start_passkey_registration()
    assert await session.passkey_offer() is None


async def test_a_service_that_does_not_answer_is_an_error(place: Place) -> None:
    session = await place.by_password()
    await place.transport.aclose()
    with pytest.raises(TransportClosed):
        await session.passkey_offer()
