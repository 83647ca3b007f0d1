#!/usr/bin/env bash
# What viewers of the live page cost a run: the same load in turn without a page, with a page that nobody looks at, and with a
# page and viewers who read every event, against one nginx.
#
#   benches/viewers.sh [ROUNDS]
#
# ROUNDS: how often each side runs (default: 5); the table shows medians.
# Exit code: 0 if every request was good, 1 if one failed.
#
#   STOREMGR     the program               (target/release/storemgr)
#   SECONDS_EACH seconds per run            (10)
#   RATE         requests per second        (5000)
#   VIEWERS      how many look              (10)
# shellcheck disable=SC2317 # the function is called by a trap
set -euo pipefail
export LC_ALL=C
rounds=${1:-5} each=${SECONDS_EACH:-10} rate=${RATE:-5000} viewers=${VIEWERS:-10}
storemgr=$(realpath "${STOREMGR:-target/release/storemgr}")
[[ $rounds =~ ^[1-9][0-9]*$ ]] || { echo "benches/viewers.sh: ROUNDS is a number from 1" >&2; exit 2; }
[[ -x $storemgr ]] || { echo "benches/viewers.sh: $storemgr is not there: run cargo build --release" >&2; exit 2; }
PATH=$PATH:/usr/sbin

work=$(mktemp -d)
chmod 755 "$work"
cd "$work"
port=$((20000 + RANDOM % 10000))
page=$((port + 1))
head -c 612 /dev/zero | tr '\0' x > index.html
started=() looking=()
stop() { kill "${started[@]}" "${looking[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT
cat > nginx.conf <<CONF
worker_processes 1; daemon off; pid nginx.pid; error_log error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server { listen 127.0.0.1:$port; root $work; }
}
CONF
nginx -c "$work/nginx.conf" -p "$work" 2>/dev/null & started+=($!)
for _ in $(seq 100); do (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done

# Enters with the token of the printed address, and reads the events.
look() {
  local token cookie
  for _ in $(seq 100); do grep -q '#' said && break; sleep 0.05; done
  token=$(sed -n 's/.*#//p' said | head -n 1)
  cookie=$(curl --silent --include --data-binary "$token" --header "Origin: http://127.0.0.1:$page" "http://127.0.0.1:$page/session" |
    sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p')
  [[ -n $cookie ]] || { echo "the page lets nobody in: $(cat said)"; exit 1; }
  for _ in $(seq "$viewers"); do
    curl --silent --no-buffer --cookie "$cookie" "http://127.0.0.1:$page/events" >> events & looking+=($!)
  done
}
failed=0
for ((round = 0; round < rounds; round++)); do
  sides=(none page viewers)
  for ((turn = 0; turn < 3; turn++)); do
    side=${sides[(round + turn) % 3]}
    : > said
    options=()
    [[ $side == none ]] || options=("--page=127.0.0.1:$page")
    "$storemgr" loadtest "http://127.0.0.1:$port/index.html" --rate "$rate" -t "${each}s" --quiet --json run.json "${options[@]}" > /dev/null 2> said & run=$!
    [[ $side == viewers ]] && look
    code=0
    wait "$run" || code=$?
    kill "${looking[@]}" 2>/dev/null || true
    looking=()
    [[ $code == 0 || $code == 98 ]] || { tail -n 3 said; failed=1; }
    python3 -c 'import json; r = json.load(open("run.json")); print(r["generator"]["cpu_us_per_request"], r["aggregated"]["succeeded_latency_ms"]["p99"], r["failures"])' >> "$side.runs"
  done
done
echo "$rate requests/s against one nginx, ${each} s each in turn, $(nproc) cores shared by all; medians of $rounds rounds, with the least and the most."
echo
echo "| run | CPU µs per request | p99 ms |"
echo "|---|---:|---:|"
of() { cut -d' ' -f"$2" "$1.runs" | sort -n | awk '{ v[NR] = $1 } END { printf "%.2f (%.2f to %.2f)", v[int((NR + 1) / 2)], v[1], v[NR] }'; }
echo "| no page | $(of none 1) | $(of none 2) |"
echo "| a page that nobody looks at | $(of page 1) | $(of page 2) |"
echo "| a page with $viewers viewers | $(of viewers 1) | $(of viewers 2) |"
[[ $(awk '{ s += $3 } END { print s }' ./*.runs) == 0 ]] || { echo "some requests failed"; failed=1; }
[[ -s events ]] || { echo "no viewer was shown anything"; failed=1; }
exit "$failed"
