#!/bin/sh
# Install what only the long proofs need, under .foreign: atheris beside our own packages, schemathesis apart from them.
set -eu
python=${PYTHON:-.venv/bin/python}

atheris=.foreign/atheris
if [ ! -e "$atheris/.ready" ] || [ requirements/foreign-atheris.txt -nt "$atheris/.ready" ]; then
  rm -rf "$atheris"
  "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --target "$atheris" \
    -r requirements/foreign-atheris.txt
  touch "$atheris/.ready"
fi

schemathesis=.foreign/schemathesis
if [ ! -e "$schemathesis/.ready" ] || [ requirements/foreign-schemathesis.txt -nt "$schemathesis/.ready" ]; then
  "$python" -m venv "$schemathesis"
  "$schemathesis/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
    -r requirements/foreign-schemathesis.txt
  touch "$schemathesis/.ready"
fi
