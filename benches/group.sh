#!/usr/bin/env bash
# Measures orders a second on a MySQL group of three servers and on one server of the same program, each beside bare clients on
# the same servers.
#
#   benches/group.sh MYSQLD [options of the bench `orders`]
#
# MYSQLD: a mysqld with the plug-in group_replication. `storemgr stack up` starts the servers in a folder of its own, which is
# deleted at the end; `cargo bench --bench store -- orders` measures on the primary. All of it runs on this machine.
#
#   STOREMGR   the program that starts the servers (target/release/storemgr)
#
# Needs wrk, a client of the database (mariadb or mysql), Redis, nginx and Prometheus.
set -euo pipefail
export LC_ALL=C
(($# >= 1)) || { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/.."
program=$(realpath "${STOREMGR:-target/release/storemgr}") mysqld=$(realpath "$1")
client=$(command -v mariadb || command -v mysql) || { echo "benches/group.sh: no mariadb or mysql client is installed" >&2; exit 3; }
work=$(mktemp -d)
stack() { (cd "$work" && "$program" stack "$@"); }
clean() { stack down >/dev/null 2>&1 || true; rm -rf "$work"; }
trap clean EXIT

measure() { # servers, options of the bench
  local socket port
  stack up --replicas "$1" --instances 1 --mysqld "$mysqld" >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; exit 3; }
  (
    set -a
    # shellcheck source=/dev/null # written by the stack
    source "$work/.storemgr/env"
    while IFS= read -r socket; do
      as_root() { MYSQL_PWD=$DB_PASSWORD "$client" --no-defaults --socket="$socket" --user=root --batch --skip-column-names --execute="$1" </dev/null; }
      port=$(as_root 'SELECT @@port FROM DUAL WHERE NOT @@super_read_only')
      [[ -n $port ]] || continue
      # The bench makes databases of its own, and the account of the stack has one.
      as_root "GRANT ALL ON *.* TO '$DB_USER'@'127.0.0.1'"
      export DB_HOST=127.0.0.1 DB_PORT=$port
    done < <(find "$work/.storemgr" -type s -name mysql.sock)
    printf '\n%s server(s), orders go to port %s\n\n' "$1" "$DB_PORT"
    cargo bench --locked --bench store -- orders "${@:2}"
  )
  stack down >/dev/null 2>&1
  rm -rf "$work/.storemgr"
}
measure 3 "${@:2}"
measure 1 "${@:2}"
