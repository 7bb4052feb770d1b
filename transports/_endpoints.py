"""Cognito's endpoints: one host for each region, with the domain of the region's partition."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_REGION = re.compile(r"[a-z]{2,8}(-[a-z]{2,16})+-\d{1,2}")
_SUFFIXES = {
    "cn": "amazonaws.com.cn",
    "eusc": "amazonaws.eu",
    "us-iso": "c2s.ic.gov",
    "us-isob": "sc2s.sgov.gov",
    "us-isof": "csp.hci.ic.gov",
    "eu-isoe": "cloud.adc-e.uk",
}
"""Partitions with a suffix of their own, by how their regions begin. All others share
`amazonaws.com`.
"""


def region_of(pool_id: str) -> str:
    """Return the region at the start of a pool's id: `eu-west-1` in `eu-west-1_Abc` (user pool) and
    `eu-west-1:6a…` (identity pool).

    Raises `ValueError` if there is no region, so that an arbitrary text never becomes the host of a
    request.
    """
    region = re.split("[_:]", pool_id)[0]
    if region == pool_id or not _REGION.fullmatch(region):
        raise ValueError(
            f"{pool_id!r} is no pool id: it does not begin with a region, as in 'eu-west-1_Abc'."
        )
    return region


def checked_url(url: str) -> str:
    """Return a service's URL unchanged. Raises `ValueError` if no request could be sent to it."""
    try:
        parts = urlsplit(url)
        fits = (
            parts.scheme in ("http", "https")
            and parts.hostname
            and parts.port != 0
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{url!r} is no URL of a service, as in 'https://cognito-idp.eu-west-1.amazonaws.com'."
        )
    return url


def endpoint_for(pool_id: str, service: str = "cognito-idp") -> str:
    """The service's URL in the pool's region. `service` is the first label of its host."""
    region = region_of(pool_id)
    suffix = next(
        (suffix for start, suffix in _SUFFIXES.items() if region.startswith(f"{start}-")),
        "amazonaws.com",
    )
    return f"https://{service}.{region}.{suffix}"
