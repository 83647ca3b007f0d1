#!/usr/bin/env bash
# Compares the order rate and the times of reports of two programs on one database server, in turn: an older storemgr and
# this one.
#
#   DB_HOST=… DB_PORT=… DB_USER=… DB_PASSWORD=… benches/two-versions.sh OLDER [NEWER]
#
# OLDER, NEWER: the programs (NEWER: target/release/storemgr). Each has a database of its own with the schema that it makes
# (storemgr_older and storemgr_newer, deleted before and after), 10,000 products, and starts anew for each turn. Orders are
# sent by wrk: a product in 70 % of them, three in the others. Then each report is asked for, one request at a time and without
# the cache. The order of the two programs changes with every round.
#
#   ROUNDS       turns of each                     (5)
#   SECONDS_EACH seconds of each turn              (5)
#   CONNECTIONS  connections of wrk                (1024)
#   USERS        users, who order at random        (1000)
#   REPORTS      requests of each report in a turn (30)
#   OPTIONS      options of `serve` for both       (none)
#   OLDER_OPTIONS, NEWER_OPTIONS   options of one  (none): what an option costs, if both programs are the same
#
# Prints a line per turn, and then the medians of rate, cost and report times with the ratio of newer to older. Needs wrk,
# curl and the client mariadb. Exit code 1: an order was refused or failed.
set -euo pipefail
export LC_ALL=C
(($# >= 1)) || { sed -n '2,21s/^# \{0,1\}//p' "$0" >&2; exit 2; }
programs=("$(realpath "$1")" "$(realpath "${2:-target/release/storemgr}")")
names=(older newer) own=("${OLDER_OPTIONS:-}" "${NEWER_OPTIONS:-}")
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-5} connections=${CONNECTIONS:-1024} users=${USERS:-1000} reports=${REPORTS:-30}
export USERS=$users PRODUCTS=10000
# shellcheck source=benches/common
source "$(dirname "$0")/common"
for side in 0 1; do
  sql "DROP DATABASE IF EXISTS storemgr_${names[side]}; CREATE DATABASE storemgr_${names[side]}"
  export DB_NAME=storemgr_${names[side]}
  "${programs[side]}" migrate >migrate.log 2>&1 || { cat migrate.log >&2; exit 3; }
  "${programs[side]}" seed --reset --products 10000 --users "$users" >seed.log 2>&1 || { cat seed.log >&2; exit 3; }
  # Enough of everything, so that no order is refused.
  sql "UPDATE $DB_NAME.stocks SET quantity = 100000000"
done
turn() {
  local side=$1 ticks cost
  export DB_NAME=storemgr_${names[side]}
  # shellcheck disable=SC2086 # options are words
  serve "${programs[side]}" ${OPTIONS:-} ${own[side]}
  place_orders
  # Fields 14 and 15 of its status: clock ticks in user and kernel mode.
  ticks=$(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$serving/stat")
  for report in best-sellers highest-spenders; do milliseconds "${names[side]}-$report" "$reports" "/orders/reports/$report"; done
  stop
  cost=$(awk -v ticks="$ticks" -v rate="$rate" -v seconds="$seconds" -v each="$(getconf CLK_TCK)" \
    'BEGIN { printf "%.1f", ticks / each / (rate * seconds) * 1e6 }')
  echo "${names[side]}: $rate orders/s, p99 $p99 ms, $cost us of processor time of the store per order; reports $(tail -n 1 "${names[side]}-best-sellers") and $(tail -n 1 "${names[side]}-highest-spenders") ms"
  echo "$rate" >>"${names[side]}"
  echo "$cost" >>"${names[side]}-cost"
  ((refused == 0)) || { echo "$refused of them failed" >&2; exit 1; }
}
for ((round = 0; round < rounds; round++)); do
  turn $((round % 2))
  turn $((1 - round % 2))
done
older=$(median older) newer=$(median newer)
awk -v a="$older" -v b="$newer" 'BEGIN { printf "medians: older %.0f, newer %.0f orders/s; newer/older %.2f\n", a, b, b / a }'
awk -v a="$(median older-cost)" -v b="$(median newer-cost)" \
  'BEGIN { printf "older %.1f, newer %.1f us of the store per order; newer/older %.2f\n", a, b, b / a }'
for report in best-sellers highest-spenders; do
  awk -v a="$(median "older-$report")" -v b="$(median "newer-$report")" -v report="$report" \
    'BEGIN { printf "%s: older %.2f, newer %.2f ms; newer/older %.2f\n", report, a, b, b / a }'
done
for name in "${names[@]}"; do sql "DROP DATABASE storemgr_$name"; done
