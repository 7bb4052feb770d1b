"""The names of members on the wire."""

from __future__ import annotations

import re

from pydantic.alias_generators import to_pascal


def member_name(field: str) -> str:
    """Return the service's name of a member whose field is spelled as in Python."""
    name = to_pascal(field).replace("Oauth", "OAuth").replace("Urls", "URLs")
    return re.sub("Uri$", "URI", name)
