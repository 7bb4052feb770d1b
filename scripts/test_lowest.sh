#!/usr/bin/env bash
# Test the library with the lowest versions that pyproject.toml allows, in an environment that is thrown away. Needs uv.
# The servers and clients that others wrote ask for newer versions; their tests stay out.
set -euo pipefail
cd "$(dirname "$0")/.."

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
uv venv --quiet --python 3.11 "$home/venv"
uv pip compile --quiet --resolution lowest-direct --python-version 3.11 --all-extras pyproject.toml \
  --output-file "$home/lowest.txt"
uv pip install --quiet --python "$home/venv/bin/python" --requirements "$home/lowest.txt" \
  "$(grep -oE '^opentelemetry-api==\S+' "$home/lowest.txt" | sed s/api/sdk/)" "pyjwt[crypto]" pytest setuptools trio trustme
"$home/venv/bin/python" -m pytest -q -p no:cacheprovider -m "not counterpart" --ignore tests/cli/test_serve.py "$@" \
  tests/chart tests/cli tests/embedded tests/flow tests/passkeys tests/sealing tests/session tests/srp tests/stores tests/transports
