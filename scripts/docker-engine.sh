#!/bin/sh
# A container engine to test with: the one that runs already, or, for root, Debian's dockerd with everything of it below
# a directory of its own.
#   docker-engine.sh start <dir>   prints DOCKER_HOST's value for it, empty for the one that runs already
#   docker-engine.sh stop <dir>    ends what start has started there, if anything, and removes the directory
# Exits with 3, after one line saying why, where no engine can run.

set -eu

action="${1:-}"
directory="${2:-}"
if [ -z "$directory" ] || { [ "$action" != start ] && [ "$action" != stop ]; }; then
  echo 'Say docker-engine.sh start|stop <dir>.' >&2
  exit 2
fi
docker=docker
[ ! -x /usr/bin/docker ] || docker=/usr/bin/docker
PATH="$PATH:/usr/sbin:/sbin"
pid_file="$directory/engine.pid"

cannot() {
  echo "$1" >&2
  exit 3
}

running() {
  [ -f "$pid_file" ] && tr '\0' ' ' <"/proc/$(cat "$pid_file")/cmdline" 2>/dev/null | grep -q -F -e "$directory"
}

ended() {
  tries=0
  while running && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.2
  done
  ! running
}

# dockerd leaves its chains behind, the machine forwarding, and all forwarding but its own forbidden.
firewall_as_before() {
  command -v iptables-save >/dev/null 2>&1 || return 0
  if [ -f "$directory/firewall" ] && ! grep -q DOCKER "$directory/firewall"; then
    iptables-save 2>/dev/null | grep -v -e DOCKER -e docker | iptables-restore 2>/dev/null || true
    policy=$(sed -n 's/^:FORWARD \([A-Z]*\).*/\1/p' "$directory/firewall" | head -n 1)
    iptables -P FORWARD "${policy:-ACCEPT}" 2>/dev/null || true
  fi
  [ ! -f "$directory/forwarding" ] || cat "$directory/forwarding" >/proc/sys/net/ipv4/ip_forward || true
}

end_ours() {
  if running; then
    kill "$(cat "$pid_file")"
    ended || kill -9 "$(cat "$pid_file")" || true
  fi
  firewall_as_before
}

if [ "$action" = stop ]; then
  [ -d "$directory" ] || exit 0
  end_ours
  # Mounts that a killed engine left behind keep the directory busy.
  grep -F " $directory/" /proc/mounts | cut -d ' ' -f 2 | sort -r | while read -r at; do umount -l "$at" || true; done
  rm -rf "$directory"
  exit 0
fi

command -v "$docker" >/dev/null 2>&1 ||
  cannot 'There is no docker command (Debian: sudo scripts/install-debian-packages.sh containers).'
if "$docker" info >/dev/null 2>&1; then exit 0; fi
[ "$(id -u)" -eq 0 ] || cannot 'No container engine runs that this account may use, and only root can start one.'
command -v dockerd >/dev/null 2>&1 ||
  cannot 'No container engine runs, and dockerd is not installed (scripts/install-debian-packages.sh containers).'

mkdir -p "$directory"
iptables-save >"$directory/firewall" 2>/dev/null || true
cat /proc/sys/net/ipv4/ip_forward >"$directory/forwarding" 2>/dev/null || true
host="unix://$directory/docker.sock"
for driver in overlay2 vfs; do
  # No default bridge: every container names the networks it wants. Small subnets, so that many fit.
  setsid dockerd --host "$host" --data-root "$directory/data" --exec-root "$directory/run" --pidfile "$pid_file" \
    --bridge none --storage-driver "$driver" --default-address-pool base=10.213.0.0/16,size=26 \
    >"$directory/log-$driver" 2>&1 </dev/null &
  tries=0
  while [ "$tries" -lt 150 ]; do
    if DOCKER_HOST="$host" "$docker" info >/dev/null 2>&1; then
      echo "$host"
      exit 0
    fi
    # Before its pid file is there it may be starting, or gone.
    if [ "$tries" -gt 10 ] && ! running; then break; fi
    tries=$((tries + 1))
    sleep 0.2
  done
  end_ours
done
reason=$(grep -h -e 'level=fatal' -e '^failed to start' "$directory"/log-* | tail -n 1)
cannot "dockerd does not start here: ${reason:-see $directory/log-vfs}"
