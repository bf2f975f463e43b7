#!/bin/sh
# Installs, from Debian, what some tests call if it is there: promtool (in the package prometheus), which checks the
# alert rules; Chromium and a font, in which reports and pages are looked at; with the argument `containers` also a
# container engine and compose, which test:docker starts for itself. Nothing of it is started or shipped. Breaks where
# there is no apt-get, or no right to use it.

set -eu

packages='prometheus chromium fonts-dejavu-core'
if [ "${1:-}" = containers ]; then
  packages="$packages docker.io docker-compose iptables"
fi

missing=''
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "Already installed: $packages."
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "To install$missing, run this as root: sudo scripts/install-debian-packages.sh${1:+ $1}" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# Packages of services start them at once, unless the machine seems to be in single-user mode.
export RUNLEVEL=1
apt-get update -q
# shellcheck disable=SC2086 # one word each
apt-get install -q -y --no-install-recommends $missing
if command -v systemctl >/dev/null 2>&1; then
  # Only what was not there before: whoever had a service goes on having it.
  for package in $missing; do
    case "$package" in
      prometheus) systemctl disable --now prometheus >/dev/null 2>&1 || true ;;
      docker.io) systemctl disable --now docker.socket docker containerd >/dev/null 2>&1 || true ;;
    esac
  done
fi
