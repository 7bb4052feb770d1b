"""Compare the library with a service model of botocore's, and list what it lacks.

    python scripts/service_model.py [--newest]

The model is that of the installed botocore or, with `--newest`, of the newest one on PyPI, which is
downloaded and not installed; if that fails, the installed one is taken. Exits with status 1 if the
model has an operation without a signature, a member or an exception of such an operation, a
challenge or a first factor that the library does not know.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any, get_args

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

NOT_OURS = {
    # challenges of the administrator's operations, and those that a step of another name asks for
    *("ADMIN_NO_SRP_AUTH", "PASSWORD_VERIFIER", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"),
    *("PASSWORD", "PASSWORD_SRP"),
    # members: for Amazon Pinpoint, which has no new customers, and always "Bearer"
    *("AnalyticsMetadata", "AnalyticsEndpointId", "TokenType"),
}

MODEL = "botocore/data/cognito-idp/2016-04-18/service-2.json.gz"


def installed() -> dict[str, Any]:
    """Return the model of the installed botocore."""
    import botocore

    print(f"The service model is that of botocore {botocore.__version__}, which is installed.")
    packed = (Path(botocore.__file__).parents[1] / MODEL).read_bytes()
    model: dict[str, Any] = json.loads(gzip.decompress(packed))
    return model


def newest() -> dict[str, Any] | None:
    """Return the model of the newest botocore on PyPI, None if it cannot be downloaded."""
    download = ("pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", *download, "--dest", folder, "botocore"], check=False
        )
        wheels = list(Path(folder).glob("botocore-*.whl"))
        if done.returncode or not wheels:
            return None
        print(f"The service model is that of {wheels[0].name}.")
        with zipfile.ZipFile(wheels[0]) as wheel:
            model: dict[str, Any] = json.loads(gzip.decompress(wheel.read(MODEL)))
    return model


def lacks(model: dict[str, Any]) -> dict[str, list[str]]:
    """Return the names that the library does not know, by kind."""
    from auth_flow.errors import ServiceError
    from auth_flow.states import Factor, Step

    operations = {
        name: operation
        for name, operation in model["operations"].items()
        if operation.get("authtype") == "none" or operation.get("auth") == ["smithy.api#noAuth"]
    }
    source = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("auth_flow/session", "auth_flow/_driver.py", "states")
        for path in ([ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"))
    )
    exceptions = {error["shape"] for one in operations.values() for error in one["errors"]}
    known_challenges = {
        name for step in _kinds(Step) for name in getattr(step, "challenges", ())
    } | NOT_OURS
    members = {name for one in operations.values() for name in _members(model["shapes"], one)}
    return {
        "operation": sorted(name for name in operations if f'"{name}"' not in source),
        "member": sorted(
            name for name in members - NOT_OURS if not re.search(rf"\b{name}\b", source)
        ),
        "exception": sorted(exceptions - set(ServiceError._by_name)),
        "challenge": sorted(set(model["shapes"]["ChallengeNameType"]["enum"]) - known_challenges),
        "first factor": sorted(
            set(model["shapes"]["AuthFactorType"]["enum"]) - set(get_args(Factor))
        ),
    }


def _members(shapes: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """Return the names of the members of an operation's input and output, at any depth."""
    names: set[str] = set()
    seen: set[str] = set()
    left = [operation[side]["shape"] for side in ("input", "output") if side in operation]
    while left:
        shape = shapes[name := left.pop()]
        if name in seen:
            continue
        seen.add(name)
        names |= set(shape.get("members", {}))
        left += [member["shape"] for member in shape.get("members", {}).values()]
        left += [shape["member"]["shape"]] if "member" in shape else []
    return names


def _kinds(union: Any) -> tuple[Any, ...]:
    return get_args(get_args(union)[0]) if hasattr(union, "__metadata__") else get_args(union)


def main() -> int:
    """Print a line for each name that is missing."""
    missing = lacks(("--newest" in sys.argv[1:] and newest()) or installed())
    for kind, names in missing.items():
        for name in names:
            print(f"The service model has the {kind} {name}, which the library does not know.")
    return 1 if any(missing.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
