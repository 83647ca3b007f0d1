#!/usr/bin/env bash
# Measures what grows with a store: its products and users, and the lines of its orders. Stores of several sizes are filled
# on one database server and asked in turn.
#
#   DB_HOST=… DB_PORT=… DB_USER=… DB_PASSWORD=… benches/sizes.sh [ROUNDS]
#
# ROUNDS: turns of each size (3); the table shows medians. A turn starts the store anew without a cache of reports, sends orders
# by wrk (a product in 70 % of them, three in the others), and asks for each report and for the latest orders of users, one
# request at a time. The databases storemgr_size_1, 2 … are deleted before and after; an order has 1.6 lines.
#
#   STOREMGR      the program                          (target/release/storemgr)
#   SIZES         products:users:orders of each store  (10000:10000:625000 1000000:1000000:625000 10000:10000:12500000)
#   SECONDS_EACH  seconds of orders in each turn       (5)
#   CONNECTIONS   connections of wrk                   (1024)
#   REQUESTS      requests of each kind in each turn   (20)
#
# Needs wrk, curl and the client mariadb. Exit code 1: an order was refused or failed; 3: something could not be run.
set -euo pipefail
export LC_ALL=C
program=$(realpath "${STOREMGR:-target/release/storemgr}")
read -ra sizes <<<"${SIZES:-10000:10000:625000 1000000:1000000:625000 10000:10000:12500000}"
rounds=${1:-3} seconds=${SECONDS_EACH:-5} connections=${CONNECTIONS:-1024} requests=${REQUESTS:-20}
[[ $rounds =~ ^[1-9][0-9]*$ && -n ${DB_USER:-} ]] || { sed -n '2,17s/^# \{0,1\}//p' "$0" >&2; exit 2; }
# shellcheck source=benches/common
source "$(dirname "$0")/common"

fill() { # number, products, users, orders
  local began
  export DB_NAME=storemgr_size_$1
  sql "DROP DATABASE IF EXISTS $DB_NAME; CREATE DATABASE $DB_NAME"
  "$program" migrate >log 2>&1 || failed "$(tail -n 3 log)"
  began=$(date +%s%N)
  # Enough of everything, so that no order is refused.
  "$program" seed --products "$2" --users "$3" --orders "$4" --stock 100000000 >log 2>&1 || failed "$(tail -n 3 log)"
  echo "$((($(date +%s%N) - began) / 1000000))" >"$1-filled"
  sql "ANALYZE TABLE $DB_NAME.products, $DB_NAME.stocks, $DB_NAME.users, $DB_NAME.user_totals, $DB_NAME.orders, $DB_NAME.order_items" >/dev/null
  sql "SELECT COUNT(*) FROM $DB_NAME.order_items" >"$1-lines"
  sql "SELECT ROUND(SUM(data_length + index_length) / 1048576) FROM information_schema.tables WHERE table_schema = '$DB_NAME'" >"$1-mib"
  echo "$2 products, $3 users, $(<"$1-lines") lines: filled in $(<"$1-filled") ms, $(<"$1-mib") MiB" >&2
}
turn() { # number, products, users, orders
  export DB_NAME=storemgr_size_$1 PRODUCTS=$2 USERS=$3
  serve "$program"
  place_orders
  echo "$rate" >>"$1-rate"
  milliseconds "$1-best" "$requests" /orders/reports/best-sellers
  milliseconds "$1-spenders" "$requests" /orders/reports/highest-spenders
  milliseconds "$1-orders" "$requests" '/users/%d/orders'
  awk '/^VmHWM/ { print $2 / 1024 }' "/proc/$serving/status" >>"$1-memory"
  stop
  ((refused == 0)) || { echo "benches/sizes.sh: $refused orders were not accepted" >&2; exit 1; }
}
each() { # command
  local number
  for number in "${!sizes[@]}"; do
    IFS=: read -r products users history <<<"${sizes[number]}"
    "$1" "$number" "$products" "$users" "$history"
  done
}
row() { # number, products, users
  printf '| %s | %s | %s | %.1f | %s | %.0f | %.2f | %.1f | %.1f | %.1f | %.0f |\n' "$2" "$3" "$(<"$1-lines")" "$(awk '{ print $1 / 1000 }' "$1-filled")" "$(<"$1-mib")" \
    "$(median "$1-rate")" "$(awk -v a="$(median "$1-rate")" -v b="$(median 0-rate)" 'BEGIN { print a / b }')" \
    "$(median "$1-best")" "$(median "$1-spenders")" "$(median "$1-orders")" "$(median "$1-memory")"
}
drop() { sql "DROP DATABASE storemgr_size_$1"; }

each fill
for ((round = 0; round < rounds; round++)); do each turn; done
echo "Server: $(sql 'SELECT VERSION()'), buffer pool $(sql 'SELECT @@innodb_buffer_pool_size DIV 1048576') MiB, $(nproc) cores shared with the load. Medians of $rounds turns of $seconds s."
echo
echo "| products | users | lines before | filled in s | MiB | orders/s | ratio to the first | best sellers ms | highest spenders ms | a user's orders ms | memory of the instance MiB |"
echo "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
each row
each drop
