#!/usr/bin/env bash
# Writes the lock files anew from pyproject.toml (needs uv). Review the difference before committing it.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-uv}
common=(--universal --python-version 3.11 --generate-hashes --no-header --quiet --no-emit-index-url
  pyproject.toml --group build)
"$uv" pip compile "${common[@]}" "$@" -o requirements/app.lock
"$uv" pip compile "${common[@]}" --group dev "$@" -o requirements/dev.lock
# Apart, because meshoptimizer has to be compiled: tests must not need a C++ compiler.
"$uv" pip compile "${common[@]}" --group dev --group assets "$@" -o requirements/assets.lock
