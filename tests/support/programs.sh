#!/usr/bin/env bash
# Checks that the system has the programs that `make run`, `make test` or `make soak-faults` needs (argument: run, test or
# drills).
# Installs what is missing from the system's packages when CI is set or when it is root in a container; otherwise prints
# the one command that does and fails.
set -euo pipefail

packages=()
need() { # need PROGRAM... -- PACKAGE: the package is missing unless one of the programs is found
  local found=""
  while [ "$1" != "--" ]; do
    if command -v "$1" >/dev/null 2>&1; then found=yes; fi
    shift
  done
  if [ -z "$found" ]; then packages+=("$2"); fi
}

need g++ c++ -- g++
need npm -- npm
if [ "${1:-test}" = test ]; then
  need chromium chromium-browser google-chrome -- chromium
  need redis-server -- redis-server
  need nginx /usr/sbin/nginx -- nginx
  need postgres /usr/lib/postgresql/*/bin/postgres -- postgresql
fi
if [ "${1:-test}" = drills ]; then
  need ip -- iproute2
  compgen -G "/usr/lib/*/faketime/libfaketime.so.1" >/dev/null || packages+=(libfaketime)
fi
[ ${#packages[@]} -eq 0 ] && exit 0

command="apt-get update -qq && apt-get install -y -qq --no-install-recommends ${packages[*]}"
in_container() { [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ ! -d /run/systemd/system ]; }
if [ -n "${CI:-}" ] || { [ "$(id -u)" = 0 ] && in_container; }; then
  echo "Installing what is missing: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  [ "$(id -u)" = 0 ] && sh -c "$command" || sudo sh -c "$command"
else
  echo "These programs are missing: ${packages[*]}. This installs them:" >&2
  echo "  sudo sh -c '$command'" >&2
  exit 1
fi
