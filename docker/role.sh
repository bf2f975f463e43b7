#!/bin/sh
# The container's first argument is its role; what follows goes to the vauban command.
#   daemon            a hoster's daemon, with its directory at /srv/vauban and its disk at /srv/vauban/data
#   disk new          moves what `daemon init` left in the data directory onto an empty /srv/disk; once, before its first start
#   disk walk|count|harm …  looks at a data directory from outside, or harms it; for drills
#   client [verb …]   an agency; without a verb it waits, to be worked in with docker exec
#   operator [verb …] an operator of the consortium; the same
set -eu

config=/srv/vauban/daemon.toml
role="${1:-daemon}"
[ $# -eq 0 ] || shift
case "$role" in
  daemon)
    # In a network that is there for rehearsals a drill may say that this daemon obeys it, and start it again.
    if [ "${VAUBAN_REHEARSAL:-}" = 1 ] && [ -e /srv/vauban/staged.json ]; then
      exec vauban daemon run --config "$config" --staged
    fi
    exec vauban daemon run --config "$config" "$@"
    ;;
  disk) exec node /opt/vauban/docker/disk.js "$@" ;;
  client | operator)
    [ $# -eq 0 ] || exec vauban "$@"
    exec node -e 'setInterval(() => undefined, 2 ** 30)'
    ;;
  *)
    echo "There is no role $role: daemon, disk, client or operator." >&2
    exit 2
    ;;
esac
