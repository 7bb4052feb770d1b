"""Measure the CPU time and memory of importing auth-flow and of preparing a first request.

    python -m benchmarks.import_time

Needs auth-flow, boto3 and Linux, because /proc has the peak of memory. Each program runs in a new
process. The programs take turns, and each figure is the median of the runs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

RUNS = 25

PROGRAMS = {
    "an empty program": "pass",
    "import the four packages": "import httpx, statemachine, pydantic, anyio",
    "import auth_flow": "import auth_flow",
    "AuthFlow(UserPool(...))": """
from auth_flow import AuthFlow, UserPool
AuthFlow(UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example"))
""",
    "… and its first request, unsent": """
import time
from auth_flow import AuthFlow, SignIn, UserPool
flow = AuthFlow(UserPool(user_pool_id="eu-west-1_Abc123", client_id="1example"))
from auth_flow.core import Turn, advance
event = SignIn(username="ada", password="…", auth_flow_type="USER_PASSWORD_AUTH")
next(advance(Turn(flow.record, event, flow.pool, clock=time.time)))
""",
    'boto3.client("cognito-idp")': """
import boto3
boto3.client(
    "cognito-idp", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
)
""",
}

# An installed package has its bytecode beside it. A checkout has to be allowed to, or its modules
# would be compiled in every run.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}

# The peak is that of the process's own memory map: ru_maxrss would begin with what this process,
# its parent, had.
MEASURED = """
import time
before = time.process_time()
{program}
after = time.process_time()
import json, re
peak = re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())
print(json.dumps([after * 1000, (after - before) * 1000, int(peak[1]) / 1024]))
"""


class Cost(NamedTuple):
    """The CPU time of the whole process and of the program alone, in milliseconds, and the peak of
    memory in MiB.
    """

    process: float
    program: float
    memory: float


def run(program: str) -> Cost:
    command = [sys.executable, "-c", MEASURED.format(program=program)]
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[1],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    return Cost(*json.loads(done.stdout))


def main() -> None:
    for program in PROGRAMS.values():  # writes the bytecode and warms the disk cache
        run(program)
    rounds = [{name: run(program) for name, program in PROGRAMS.items()} for _ in range(RUNS)]
    costs = {
        name: Cost(
            *(
                statistics.median(figures)
                for figures in zip(*(each[name] for each in rounds), strict=True)
            )
        )
        for name in PROGRAMS
    }
    print(f"Median of {RUNS} fresh processes       CPU, process   CPU, program   peak memory")
    for name, cost in costs.items():
        print(f"  {name:30} {cost.process:10.0f} ms {cost.program:11.0f} ms {cost.memory:9.1f} MiB")

    _, packages, ours, flow, request, boto3 = costs.values()
    print(
        f"import auth_flow / the four packages:  CPU {ours.program / packages.program:.2f} "
        "(goal: at most 1.3)"
    )
    print(f"                                    memory {ours.memory / packages.memory:.2f}")
    print(
        f"AuthFlow / boto3.client:               CPU {flow.process / boto3.process:.2f} "
        "(goal: at most 0.8)"
    )
    print(
        f"                                    memory {flow.memory / boto3.memory:.2f} (goal: "
        "at most 0.8)"
    )
    print(f"… with its first request:              CPU {request.process / boto3.process:.2f}")


if __name__ == "__main__":
    main()
