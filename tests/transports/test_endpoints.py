"""Endpoints, against the rules that botocore ships."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider

from auth_flow import UserPool
from auth_flow.errors import ConnectFailed
from auth_flow.transports import CognitoTransport, endpoint_for
from auth_flow.transports._endpoints import checked_url, region_of

_LOADER = botocore.session.Session().get_component("data_loader")
_PARTITIONS = _LOADER.load_data("partitions")
_REGIONS = sorted(
    region
    for partition in _PARTITIONS["partitions"]
    for region in partition["regions"]
    if not region.endswith("-global")
)


@pytest.mark.parametrize("service", ["cognito-idp", "cognito-identity"])
def test_every_region_of_every_partition_has_the_endpoint_of_botocores_rules(service: str) -> None:
    provider = EndpointProvider(
        _LOADER.load_service_model(service, "endpoint-rule-set-1"), _PARTITIONS
    )
    expected = {
        region: provider.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False).url
        for region in _REGIONS
    }
    assert len(expected) > 30
    assert {region: endpoint_for(f"{region}_Abc", service) for region in _REGIONS} == expected


def test_the_service_is_that_of_user_pools_if_nothing_else_is_said() -> None:
    assert endpoint_for("eu-west-1_Abc") == "https://cognito-idp.eu-west-1.amazonaws.com"


def test_the_region_is_what_stands_before_the_pools_own_name() -> None:
    assert region_of("eu-west-1_Abc123") == "eu-west-1"
    assert region_of("us-gov-west-1:6a7f0000-0000-4000-8000-000000000000") == "us-gov-west-1"


@pytest.mark.parametrize(
    "pool_id",
    ["", "Abc", "eu-west-1", "_Abc", "evil.example/#-1_Abc", "EU-WEST-1_Abc", "eu-west_Abc"],
)
def test_what_names_no_region_never_becomes_a_host(pool_id: str) -> None:
    with pytest.raises(ValueError, match="no pool id"):
        endpoint_for(pool_id)


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "",
        "ftp://a",
        "http://",
        "http://[::1",
        "http://a:99999",
        "http://a:0",
        "http://a\0b",
        "http://a b",
        "//a/b",
    ],
)
def test_what_is_no_url_is_refused_before_it_is_used(url: str) -> None:
    with pytest.raises(ValueError, match="no URL of a service"):
        checked_url(url)
    with pytest.raises(ValueError, match="no URL of a service"):
        CognitoTransport(url)
    with pytest.raises(ValueError, match="endpoint"):
        UserPool(user_pool_id="eu-west-1_Abc", client_id="1example", endpoint=url)


@pytest.mark.anyio
async def test_a_host_that_has_no_such_name_is_a_typed_error() -> None:
    async with CognitoTransport("http://xn--a.b") as transport:
        with pytest.raises(ConnectFailed):
            await transport.call("GetUser", {})
