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

measure() { # servers, options
  local primary=''
  stack up --replicas "$1" --instances 1 --mysqld "$mysqld" >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; exit 3; }
  (
    set -a
    # shellcheck source=/dev/null # written by the stack
    source "$work/.storemgr/env"
    for primary in ${DB_HOST//,/ }; do break; done
    for candidate in ${DB_HOST//,/ }; do
      [[ $candidate == *:* ]] || candidate+=:${DB_PORT:-3306}
      server=("$client" --no-defaults --protocol=tcp --host="${candidate%:*}" --port="${candidate##*:}" --batch --skip-column-names)
      if [[ $(MYSQL_PWD=$DB_PASSWORD "${server[@]}" --user="$DB_USER" --execute='SELECT @@super_read_only' 2>>"$work/log") == 0 ]]; then primary=$candidate; fi
    done
    DB_HOST=${primary%:*} DB_PORT=${primary##*:}
    printf '\n%s server(s), primary at port %s\n\n' "$1" "$DB_PORT"
    # The bench makes databases of its own; the account of the stack has one.
    find "$work/.storemgr" -type s -name '*.sock' | while IFS= read -r socket; do
      MYSQL_PWD=$DB_PASSWORD "$client" --no-defaults --socket="$socket" --user=root --execute="SET sql_log_bin = 0; GRANT ALL ON *.* TO '$DB_USER'@'127.0.0.1'" </dev/null 2>>"$work/log" || true
    done
    cargo bench --locked --bench store -- orders "${@:2}"
  )
  stack down >/dev/null 2>&1
  rm -rf "$work/.storemgr"
}
measure 3 "${@:2}"
measure 1 "${@:2}"
