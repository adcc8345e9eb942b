#!/bin/sh
# Make sure that there is a Chromium for the browser tests; install Debian's where that is possible: best of all the one
# without a window, which takes less time, also beside a whole one.
set -eu
is_there() { "${PYTHON:-python3}" tests/chromium.py; }
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" fonts-dejavu-core >/dev/null; }

if command -v chromium-headless-shell >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing Chromium for the browser tests"
  apt-get update -qq || true
  if install chromium-headless-shell || is_there || install chromium; then exit 0; fi
fi
if is_there; then exit 0; fi
echo "The browser tests need Chromium: install it (Debian: apt-get install chromium-headless-shell) and run again." >&2
exit 1
