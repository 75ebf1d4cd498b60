#!/bin/sh
# Runs a command with DATABASE_URL naming a PostgreSQL that exists for it alone:
#
#   scripts/with-postgres.sh .venv/bin/pytest
#
# A throw-away cluster in a temporary folder, on a free loopback port, without durability, gone
# afterwards: no role to make and nothing of the machine's own server is touched. With
# TEST_POSTGRES_URL that server is used instead. Where PostgreSQL is not installed it says so and
# succeeds, except with CI_NOTHING_SKIPPED.
set -eu

if [ -n "${TEST_POSTGRES_URL:-}" ]; then
    DATABASE_URL=$TEST_POSTGRES_URL exec "$@"
fi

bin=$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb 2>/dev/null || echo /none/initdb)")
if [ ! -x "$bin/initdb" ]; then
    echo "PostgreSQL tests did not run: no PostgreSQL is installed (no initdb was found)."
    [ -z "${CI_NOTHING_SKIPPED:-}" ] || exit 1
    exit 0
fi

# PostgreSQL refuses to run as root; its package brings a user for it.
as=""
[ "$(id -u)" != 0 ] || as="runuser -u postgres --"

place=$(mktemp -d)
port=$(.venv/bin/python -c '
import socket
with socket.socket() as one:
    one.bind(("127.0.0.1", 0))
    print(one.getsockname()[1])')
stop() {
    $as "$bin/pg_ctl" -D "$place/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$place"
}
trap stop EXIT
trap 'exit 130' INT TERM
[ -z "$as" ] || chown postgres "$place"

(
    cd "$place"
    $as "$bin/initdb" -D "$place/data" -U chatops -A trust -E UTF8 --no-sync >/dev/null
    $as "$bin/pg_ctl" -D "$place/data" -w -l "$place/log" -o \
        "-k $place -p $port -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=200" \
        start >/dev/null
    $as "$bin/createdb" -h 127.0.0.1 -p "$port" -U chatops chatops
) || { cat "$place/log" >&2; exit 1; }

DATABASE_URL="postgres://chatops@127.0.0.1:$port/chatops" "$@"
