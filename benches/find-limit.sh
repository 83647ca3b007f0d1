#!/usr/bin/env bash
# Searches the number of users from which on the store fails, with `loadtest --find-limit` on a private stack in a folder
# of its own. It does so twice: configured as the lab's first rung (a connection per request that lingers, a query per
# article, scanned reports, no cache), and with the defaults. Prints both searches, and a table of the two.
#
#   benches/find-limit.sh [FOLDER]
#
# FOLDER: the folder for JSON, CSV and page of each search (default: target/find-limit).
#
#   STOREMGR    the program                          (target/release/storemgr)
#   FIRST_STEP  time for each load of the first search at a time (10s; it is held until nothing rises any more)
#   STEP        the same for the second                (10s)
#   REPEAT      how often the first search is made, to see how far its results are apart (1)
#   FIRST_USERS, USERS  the first load of each, users  (4, 1000)
#   MOST        the most users that are tried          (30000)
# shellcheck disable=SC2317 # clean is called by the trap
set -euo pipefail
export LC_ALL=C
program=$(realpath "${STOREMGR:-target/release/storemgr}")
[[ -x $program ]] || { echo "$program is not there: run cargo build --release, or set STOREMGR" >&2; exit 2; }
results=${1:-target/find-limit}
mkdir -p "$results"
results=$(realpath "$results")
work=$(mktemp -d)
cd "$work"
clean() {
  "$program" stack down >/dev/null 2>&1 || true
  cd /
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM
ulimit -n "$(ulimit -Hn)"

# search NAME STEP USERS [SERVE OPTIONS...]
search() {
  local name=$1 step=$2 users=$3 code=0
  shift 3
  echo "== The store, $name: ${*:-no options}"
  "$program" stack up ${1:+-- "$@"} 2>&1 | tail -n 1
  "$program" seed --reset >seed.log 2>&1 || { cat seed.log >&2; exit 3; }
  "$program" loadtest --find-limit --users "$users" --limit-step "$step" --limit-most "${MOST:-30000}" --tag "store=$name" \
    --json "$results/$name.json" --csv "$results/$name" --html "$results/$name.html" >"$results/$name.txt" || code=$?
  cat "$results/$name.txt"
  echo
  # Exit code 98: the generator reached its limit first, as the printed sentences say.
  ((code == 0 || code == 98)) || { echo "the search ended with exit code $code" >&2; exit "$code"; }
}

names=()
for ((time = 1; time <= ${REPEAT:-1}; time++)); do
  names+=("first-rung${REPEAT:+-$time}")
  search "${names[-1]}" "${FIRST_STEP:-10s}" "${FIRST_USERS:-4}" \
    --db-connections per-request --order-writer per-item --report-source scan --report-cache off
done
names+=(default)
search default "${STEP:-10s}" "${USERS:-1000}"

# A figure at the top level of the JSON, not of a step.
figure() { sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$results/$2.json"; }
# A column of the last good load, as first measured: requests per second or p95.
good() { awk -F, -v level="$(figure last_good "$1")" -v column="$2" '$1 == level && $3 == "good" { print $column; exit }' "$results/$1_steps.csv"; }
failure() { sed -n 's/^Most failures there: \(.*\)\.$/ (\1)/p' "$results/$1.txt"; }
broken() { sed -n '/^  "broken": \[/,/^  \]/p' "$results/$1.json" | sed -n 's/^    "\(.*\)",\{0,1\}$/\1/p' | paste -sd';' | sed 's/;/; /g'; }
echo "| store | good with | bad from | knee | requests/s, p95 when good | what broke first | gave way |"
echo "|---|---:|---:|---:|---:|---|---|"
for name in "${names[@]}"; do
  printf '| %s | %s users | %s | %s | %.1f, %.0f ms | %s | %s |\n' "$name" "$(figure last_good "$name")" "$(figure first_bad "$name")" \
    "$(figure knee "$name")" "$(good "$name" 5)" "$(good "$name" 9)" "$(broken "$name")$(failure "$name")" "$(figure gave_way "$name")"
done
