#!/bin/sh
# Install the clients that are not ours, each in an environment of its own under .foreign.
set -eu
python=${PYTHON:-python3}

kinde=.foreign/kinde-python
if [ ! -e "$kinde/.ready" ] || [ requirements/foreign-kinde.txt -nt "$kinde/.ready" ]; then
  "$python" -m venv "$kinde"
  "$kinde/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements/foreign-kinde.txt
  touch "$kinde/.ready"
fi

openmeter=.foreign/openmeter
if [ ! -e "$openmeter/.ready" ] || [ requirements/foreign-openmeter.txt -nt "$openmeter/.ready" ]; then
  "$python" -m venv "$openmeter"
  "$openmeter/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements/foreign-openmeter.txt
  touch "$openmeter/.ready"
fi

for version in 2025-09-30 2026-10-14 stable; do
  stripe=.foreign/stripe-$version
  if [ ! -e "$stripe/.ready" ] || [ "requirements/foreign-stripe-$version.txt" -nt "$stripe/.ready" ]; then
    "$python" -m venv "$stripe"
    "$stripe/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
      -r "requirements/foreign-stripe-$version.txt"
    touch "$stripe/.ready"
  fi
done

if ! command -v npm >/dev/null 2>&1 || ! command -v curl >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing Node.js and curl for the tests with foreign clients"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm curl >/dev/null
  else
    echo "The tests with foreign clients need Node.js, npm and curl: install them and run again." >&2
    exit 1
  fi
fi

node=.foreign/node
if [ ! -e "$node/.ready" ] || ! cmp -s tests/contract/foreign/package.json "$node/package.json"; then
  mkdir -p "$node"
  rm -f "$node/.ready"
  cp tests/contract/foreign/package.json "$node/package.json"
  npm install --prefix "$node" --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null
  # The OpenID provider among them needs a younger Node.js than some systems have.
  if [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
    npm install --prefix "$node" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
      "node-linux-$(node -p process.arch)@22.23.5" >/dev/null
  fi
  touch "$node/.ready"
fi
