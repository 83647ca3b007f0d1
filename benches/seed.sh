#!/usr/bin/env bash
# Measures how fast `storemgr seed` fills a store, beside LOAD DATA LOCAL INFILE of the same rows into the same schema on the
# same server, in turns. Prints a table and the server's durability settings, and changes none of them.
#
#   DB_HOST=127.0.0.1 DB_PORT=3306 DB_USER=root DB_PASSWORD=secret benches/seed.sh [ROUNDS]
#
# ROUNDS: how often everything is measured (default: 3); the table shows medians. The account must be allowed to create
# databases: storemgr_bench_seed and storemgr_bench_load, which are deleted at the end. The server must have
# local_infile = ON (the default of MySQL is OFF).
#
#   STOREMGR  the program         (target/release/storemgr)
#   CLIENT    the database client (mariadb, or mysql)
#   ORDERS    orders of the large workload (625000: a million lines)
set -euo pipefail
export LC_ALL=C
rounds=${1:-3}
storemgr=${STOREMGR:-target/release/storemgr}
orders=${ORDERS:-625000}
client=${CLIENT:-$(command -v mariadb || command -v mysql || true)}
export DB_HOST=${DB_HOST:-} DB_USER=${DB_USER:-} DB_PORT=${DB_PORT:-3306} DB_PASSWORD=${DB_PASSWORD:-}
stop() { echo "benches/seed.sh: $1" >&2; exit "${2:-3}"; }
[[ -n $DB_HOST && -n $DB_USER ]] || stop "set DB_HOST, DB_PORT, DB_USER and DB_PASSWORD" 2
[[ $rounds =~ ^[1-9][0-9]*$ ]] || stop "ROUNDS is a number from 1, not $rounds" 2
[[ -x $storemgr ]] || stop "$storemgr is not there: run cargo build --release, or set STOREMGR" 2
[[ -n $client ]] || stop "no mariadb or mysql client is installed: install mariadb-client, or set CLIENT" 2

# The password is passed in the environment, so that other accounts of the machine cannot see it.
sql() { MYSQL_PWD=$DB_PASSWORD "$client" --no-defaults --protocol=tcp -h "$DB_HOST" -P "$DB_PORT" -u "$DB_USER" --local-infile=1 --batch --skip-column-names "$@"; }
sql -e 'SELECT 1' >/dev/null || stop "the database on $DB_HOST:$DB_PORT cannot be used"
[[ $(sql -e 'SELECT @@local_infile') == 1 ]] || stop "the server refuses LOAD DATA LOCAL: SET GLOBAL local_infile = ON"

work=$(mktemp -d)
filled=storemgr_bench_seed loaded=storemgr_bench_load
tables=(products users orders order_items user_totals stocks)
clean() { rm -rf "$work"; sql -e "DROP DATABASE IF EXISTS $filled; DROP DATABASE IF EXISTS $loaded" || true; }
trap clean EXIT

fresh() { sql -e "DROP DATABASE IF EXISTS $1; CREATE DATABASE $1"; DB_NAME=$1 "$storemgr" migrate >/dev/null; }
# Prints the milliseconds that a command takes. Earlier writes are flushed to disk first, so that they do not disturb it.
timed() { local from to; sync; from=$(date +%s%N); "$@" >"$work/said" 2>&1 || stop "$* failed: $(tail -n 1 "$work/said")"; to=$(date +%s%N); echo $(((to - from) / 1000000)); }
seed() { DB_NAME=$filled "$storemgr" seed "$@"; }
load() { sql "$loaded" -e "LOAD DATA LOCAL INFILE '$work/$1' INTO TABLE $1 CHARACTER SET utf8mb4"; }
load_one_by_one() { local table statements=; for table in "${tables[@]}"; do statements+="LOAD DATA LOCAL INFILE '$work/$table' INTO TABLE $table CHARACTER SET utf8mb4;"; done; sql "$loaded" -e "$statements"; }
load_together() { local table pids=(); for table in "${tables[@]}"; do load "$table" & pids+=($!); done; wait "${pids[@]}"; }
dump() { local table; for table in "${tables[@]}"; do sql --quick --default-character-set=utf8mb4 "$filled" -e "SELECT * FROM $table ORDER BY 1, 2" >"$work/$table"; done; }
sums() { sql "$1" -e "CHECKSUM TABLE $(IFS=,; echo "${tables[*]}")" | cut -f2; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

measure() { # NAME, then the options of seed
  local name=$1; shift
  : >"$work/a"; : >"$work/b"; : >"$work/c"
  for ((round = 0; round < rounds; round++)); do
    fresh "$filled"; timed seed "$@" >>"$work/a"
    dump
    fresh "$loaded"; timed load_one_by_one >>"$work/b"
    [[ $(sums "$filled") == $(sums "$loaded") ]] || stop "seed and LOAD DATA did not store the same rows" 1
    fresh "$loaded"; timed load_together >>"$work/c"
    [[ $(sums "$filled") == $(sums "$loaded") ]] || stop "seed and LOAD DATA did not store the same rows" 1
  done
  local rows a b c
  rows=$(cat "${tables[@]/#/$work/}" | wc -l)
  a=$(median <"$work/a") b=$(median <"$work/b") c=$(median <"$work/c")
  awk -v n="$name" -v r="$rows" -v a="$a" -v b="$b" -v c="$c" \
    'BEGIN { printf "| %s | %d | %.2f s | %.2f s | %.2f s | %.2f |\n", n, r, a / 1000, b / 1000, c / 1000, a / b }'
}

echo "Server: $(sql -e 'SELECT VERSION()'), $(nproc) cores shared with the client. Medians of $rounds rounds."
echo "Durability: $(sql -e "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', 'innodb_doublewrite', 'innodb_flush_method')" | awk '{ printf "%s%s=%s", (NR > 1 ? ", " : ""), $1, $2 }')"
echo
echo "| workload | rows in all | \`seed\` | \`LOAD DATA\`, one connection | \`LOAD DATA\`, all tables at once | \`seed\` / one connection |"
echo "|---|---:|---:|---:|---:|---:|"
measure "10,000 products, 1,000 users" --products 10000 --users 1000
measure "the same with $orders orders" --products 10000 --users 1000 --orders "$orders"
