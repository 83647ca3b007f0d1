#!/usr/bin/env bash
# What observing costs: the same load with and without it, in turn.
#
#   benches/observe.sh [--rounds COUNT] [--seconds COUNT] [--users COUNT] [--mysqld PATH]
#
# Starts a private stack of one instance in a folder of its own, fills it, and sends orders as fast as they are answered, in
# each round once without and once with --observe (the database, Redis, and the processes of both and of the instance). Shows
# orders per second and p99 of each round and their medians, and what looking took by its own account. Needs a release build
# (cargo build --release; STOREMGR names another program) and python3.
# Exit codes: 0 done; 2 usage; 3 could not run.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//;p}' "$0"; }

rounds=5 seconds=20 users=64 mysqld=()
while (($#)); do
  case $1 in
    --rounds) rounds=${2:?a number}; shift 2 ;;
    --seconds) seconds=${2:?a number}; shift 2 ;;
    --users) users=${2:?a number}; shift 2 ;;
    --mysqld) mysqld=(--mysqld "${2:?a path}"); shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
storemgr=$(realpath "${STOREMGR:-target/release/storemgr}")
[[ -x $storemgr ]] || { echo "benches/observe.sh: there is no $storemgr: run cargo build --release" >&2; exit 3; }

folder=$(mktemp -d)
cd "$folder"
# shellcheck disable=SC2317
clean() { "$storemgr" stack down >/dev/null 2>&1 || true; cd /; rm -rf "$folder"; }
trap clean EXIT
"$storemgr" stack up --instances 1 "${mysqld[@]}" >/dev/null || exit 3
"$storemgr" seed --products 10000 --users 1000 --stock 100000000 >/dev/null || exit 3
cat > orders.toml <<'TOML'
name = "orders"
[[task]]
name = "order"
method = "POST"
path = "/orders"
headers = { content-type = "application/json" }
body = '{"user_id":{{random(1, 1000)}},"items":[{"product_id":{{random(1, 10000)}},"quantity":1}]}'
TOML

load() { # NAME OPTIONS…
  local name=$1
  shift
  "$storemgr" loadtest --scenario orders.toml --users "$users" --spawn-rate 1000 --think-time 0ms --warm-up 3s \
    --run-time "${seconds}s" --quiet --json "$name.json" "$@" >/dev/null || [[ $? == 98 ]]
}
for ((round = 1; round <= rounds; round++)); do
  # Which comes first changes, so that neither always has the warmer caches.
  if ((round % 2)); then
    load "without-$round" --no-observe
    load "with-$round"
  else
    load "with-$round"
    load "without-$round" --no-observe
  fi
done
python3 - "$rounds" <<'PYTHON'
import json, statistics, sys

def read(name, number):
    with open(f"{name}-{number}.json") as file:
        return json.load(file)

rounds = range(1, int(sys.argv[1]) + 1)
figures = {"without": [], "with": []}
for name, of in figures.items():
    for number in rounds:
        run = read(name, number)
        good = run["aggregated"]["requests_per_s"] - run["aggregated"]["failures_per_s"]
        of.append((good, run["aggregated"]["succeeded_latency_ms"]["p99"], run["verdict"]))
print(f"{'round':>6} {'without, orders/s':>18} {'p99 ms':>8} {'with, orders/s':>15} {'p99 ms':>8}")
for number, (off, on) in enumerate(zip(figures["without"], figures["with"]), 1):
    print(f"{number:>6} {off[0]:>18.0f} {off[1]:>8.2f} {on[0]:>15.0f} {on[1]:>8.2f}  {off[2]} / {on[2]}")
median = {name: [statistics.median(column) for column in list(zip(*of))[:2]] for name, of in figures.items()}
(off_rate, off_p99), (on_rate, on_p99) = median["without"], median["with"]
print(f"median {off_rate:>18.0f} {off_p99:>8.2f} {on_rate:>15.0f} {on_p99:>8.2f}  {100 * (on_rate / off_rate - 1):+.2f} % orders/s")
seen = [read("with", number)["observed"] for number in rounds]
for kind in ("databases", "caches", "processes"):
    cost = [part["cost"] for of in seen for part in of[kind]]
    total = sum(of["seconds"] for of in seen)
    print(f"looking at {kind}: {sum(c['queries'] for c in cost)} questions, {100 * sum(c['seconds'] for c in cost) / total:.3f} % of the time, "
          f"{sum(c['bytes'] for c in cost) / total / 1024:.1f} KiB/s")
PYTHON
