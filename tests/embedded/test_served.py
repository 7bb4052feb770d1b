"""The service on a port. What boto3 and others make of it is tested with the other counterparts."""

from __future__ import annotations

import httpx

from auth_flow.embedded import EmbeddedCognito, SigningKey, running


def test_the_key_set_is_where_the_configuration_says(signing_key: SigningKey) -> None:
    service = EmbeddedCognito()
    pool = service.create_pool(key=signing_key)
    with running(service) as url:
        configuration = httpx.get(f"{url}/{pool.id}/.well-known/openid-configuration").json()
        assert configuration["jwks_uri"].startswith(url)
        assert httpx.get(configuration["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"
