#!/bin/sh
# Write the hashed requirements files anew; no index is named in them.
set -eu
options="--quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header"
# shellcheck disable=SC2086 # the options are words
uv pip compile $options "$@" --extra dev pyproject.toml -o requirements/dev.txt
for name in kinde openmeter stripe-2025-09-30 stripe-2026-10-14 stripe-stable atheris schemathesis; do
  # shellcheck disable=SC2086
  uv pip compile $options "$@" "requirements/foreign-$name.in" -o "requirements/foreign-$name.txt"
done
