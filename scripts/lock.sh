#!/bin/sh
# Writes the two locks anew from pyproject.toml: every package with its version and hashes, for
# every platform. Needs uv (https://docs.astral.sh/uv/). `scripts/lock.sh --upgrade` moves versions.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "lock: uv is needed, see https://docs.astral.sh/uv/." >&2; exit 1; }

# No address of an index goes into the files: whoever installs uses their own.
uv pip compile --generate-hashes --universal --python-version 3.11 --no-emit-index-url "$@" \
    pyproject.toml -o requirements.lock
uv pip compile --generate-hashes --universal --python-version 3.11 --no-emit-index-url "$@" \
    --extra postgres --extra celery --extra test --extra check --extra browser --extra contract \
    pyproject.toml -c requirements.lock -o requirements-dev.lock
