#!/usr/bin/env bash
# Measures the cost of a request for the load generator: processor time and memory of `storemgr loadtest` beside wrk, oha,
# hey and Locust, as far as they are in PATH. All load the same nginx with a small file, one after the other, in another
# order each round, and nginx counts the requests. Then it runs 10,000 users with think time in one process, and sends more
# than a million requests, which are counted exactly. For each claim it says whether it holds: a request costs at most as
# much as with oha and 1.3 times as much as with wrk (the median of the ratios within each round); an idle user takes at
# most 64 KiB, and timers stay on time; no request is lost.
#
#   benches/loadtest.sh [ROUNDS]
#
# ROUNDS: how often each tool runs (default: 5); the table shows medians. Also writes target/bench-loadtest.json.
# Exit code: 0 if every claim holds that could be measured, 1 if one does not.
#
#   STOREMGR     the program            (target/release/storemgr)
#   STOREMGR_OLD an older one, to run in turn with it and the other tools; a request costs at most 1.05 times what it costs there
#   SECONDS_EACH seconds per run         (5)
#   CONNECTIONS  connections per tool    (100)
#   USERS        idle users              (10000)
#   REQUESTS     the number of counted requests is larger than this (1000000)
# shellcheck disable=SC2317 # functions are called by their names
set -euo pipefail
export LC_ALL=C
rounds=${1:-5} each=${SECONDS_EACH:-5} connections=${CONNECTIONS:-100} users=${USERS:-10000}
requests=${REQUESTS:-1000000}
storemgr=$(realpath "${STOREMGR:-target/release/storemgr}")
stop() { echo "benches/loadtest.sh: $1" >&2; exit "${2:-3}"; }
older=${STOREMGR_OLD:+$(realpath "$STOREMGR_OLD")}
[[ $rounds =~ ^[1-9][0-9]*$ ]] || stop "ROUNDS is a number from 1, not $rounds" 2
[[ -x $storemgr ]] || stop "$storemgr is not there: run cargo build --release, or set STOREMGR" 2
PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || stop "nginx is not installed" 2
[[ -z $older || -x $older ]] || stop "$older, which STOREMGR_OLD names, is not there" 2
[[ -x /usr/bin/time ]] || stop "GNU time is not installed: apt-get install time" 2
json=$PWD/target/bench-loadtest.json

work=$(mktemp -d)
# nginx reads the files under an account of its own.
chmod 755 "$work"
port=$((20000 + RANDOM % 10000))
url=http://127.0.0.1:$port
head -c 612 /dev/zero | tr '\0' x >"$work/index.html"
cat >"$work/nginx.conf" <<CONF
worker_processes 1; worker_rlimit_nofile 65536; daemon off; pid $work/nginx.pid; error_log $work/error.log;
events { worker_connections 32768; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s; sendfile on;
  client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  server {
    listen 127.0.0.1:$port backlog=16384; root $work;
    location = /status { stub_status; }
    location /items { try_files /index.html =404; }
  }
}
CONF
nginx -c "$work/nginx.conf" -p "$work" 2>"$work/nginx.log" &
nginx=$!
clean() { kill "$nginx" 2>/dev/null || true; wait "$nginx" 2>/dev/null || true; rm -rf "$work"; }
trap clean EXIT
for _ in $(seq 50); do curl -sf "$url/status" >/dev/null && break; sleep 0.1; done
if ! curl -sf "$url/" >/dev/null || ! curl -sf "$url/status" >/dev/null; then
  stop "nginx did not start: $(tail -n 1 "$work/nginx.log")"
fi

# The requests that nginx has handled, without the one that asks for it.
handled() { curl -s "$url/status" | awk 'NR == 3 { print $3 - 1 }'; }
cat >"$work/get.toml" <<'TOML'
name = "a small file"
think_time = "0s"
[[task]]
name = "file"
method = "GET"
path = "/"
TOML
sed 's|path = "/"|path = "/items/{{random(1, 100000)}}"|' "$work/get.toml" >"$work/paths.toml"
cat >"$work/locustfile.py" <<'PY'
from locust import FastHttpUser, constant, task


class Reader(FastHttpUser):
    wait_time = constant(0)

    @task
    def read(self):
        self.client.get("/")
PY

run_wrk() { wrk -t"$(nproc)" -c"$connections" -d"${each}s" "$url/"; }
run_oha() { oha --no-tui -z "${each}s" -c "$connections" "$url/"; }
run_hey() { hey -z "${each}s" -c "$connections" "$url/"; }
run_locust() { locust -f "$work/locustfile.py" --headless --only-summary -u "$connections" -r "$connections" -t "${each}s" -H "$url"; }
run_one() { "$1" loadtest --quiet --scenario "$work/get.toml" -H "$url" -u "$connections" -r 1000000 -t "${each}s"; }
run_storemgr() { run_one "$storemgr"; }
run_older() { run_one "$older"; }
export -f run_wrk run_oha run_hey run_locust run_one run_storemgr run_older
export work each connections url storemgr older

tools=(storemgr)
if [[ -n $older ]]; then tools+=(older); fi
for tool in wrk oha hey locust; do
  if command -v "$tool" >/dev/null; then tools+=("$tool"); fi
done

# Runs a tool and prints one line: requests, processor time in microseconds, memory in KiB.
measure() {
  local before after served
  before=$(handled)
  # The exit code 98 says that the load test took most of the machine, which is intended here.
  /usr/bin/time -o "$work/time" -f '%U %S %M' bash -c "run_$1" >"$work/said" 2>&1 || true
  after=$(handled) served=$((after - before - 1))
  ((served > 0)) || stop "$1 sent no request: $(tail -n 1 "$work/said")"
  tail -n 1 "$work/time" | awk -v n="$served" '{ printf "%d %.0f %d\n", n, ($1 + $2) * 1e6, $3 }'
}

echo "nginx serving 612 bytes, $connections connections, ${each} s each, $(nproc) cores shared by both sides; medians of $rounds rounds."
for ((round = 0; round < rounds; round++)); do
  for ((turn = 0; turn < ${#tools[@]}; turn++)); do
    tool=${tools[(round + turn) % ${#tools[@]}]}
    line=$(measure "$tool") || exit
    echo "$line" >>"$work/$tool.runs"
  done
done
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
echo
echo "| tool | requests/s | CPU µs per request | memory MiB |"
echo "|---|---:|---:|---:|"
rows=()
for tool in "${tools[@]}"; do
  rate=$(awk -v s="$each" '{ print $1 / s }' "$work/$tool.runs" | median)
  cost=$(awk '{ print $2 / $1 }' "$work/$tool.runs" | tee "$work/$tool.cost" | median)
  memory=$(awk '{ print $3 / 1024 }' "$work/$tool.runs" | median)
  printf '| %s | %.0f | %.1f | %.1f |\n' "$tool" "$rate" "$cost" "$memory"
  rows+=("$(printf '{"tool":"%s","requests_per_s":%.1f,"cpu_us_per_request":%.2f,"memory_mib":%.2f}' "$tool" "$rate" "$cost" "$memory")")
done
echo

failed=0
# claim TEXT FIGURE MOST
claim() {
  local word=holds
  if awk -v a="$2" -v b="$3" 'BEGIN { exit !(a > b) }'; then word='does NOT hold' failed=1; fi
  echo "$1: $word"
}
ratios=()
for pair in older:1.05 oha:1 wrk:1.3; do
  tool=${pair%:*} most=${pair#*:}
  if [[ ! -s $work/$tool.cost ]]; then echo "beside $tool: not measured, because it is not there"; continue; fi
  paste "$work/storemgr.cost" "$work/$tool.cost" | awk '{ printf "%.3f\n", $1 / $2 }' | sort -n >"$work/ratios"
  ratio=$(median <"$work/ratios")
  ratios+=("\"$tool\":$ratio")
  claim "a request costs $ratio times what it costs $tool ($(head -n 1 "$work/ratios") to $(tail -n 1 "$work/ratios") in $rounds rounds), at most $most" "$ratio" "$most"
done

field() { grep -o "\"$1\": *[0-9.]*" "$2" | head -n 1 | grep -o '[0-9.]*$'; }
# load NAME ARGUMENTS...: runs storemgr and keeps its JSON as NAME.json; exit code 98 is not a failure here.
load() {
  local name=$1 code=0
  shift
  "$storemgr" loadtest --quiet -H "$url" --json "$work/$name.json" "$@" >"$work/said" 2>&1 || code=$?
  ((code == 0 || code == 98)) || stop "$name failed: $(tail -n 1 "$work/said")"
}
ulimit -n "$(ulimit -Hn)"
load idle --scenario "$work/get.toml" --think-time 1s..2s -u "$users" -t 15s
load one --scenario "$work/get.toml" --think-time 1s..2s -u 1 -t 2s
per_user=$(awk -v a="$(field peak_memory_bytes "$work/idle.json")" -v b="$(field peak_memory_bytes "$work/one.json")" -v n="$users" 'BEGIN { printf "%.1f", (a - b) / 1024 / n }')
late=$(field timer_late_p99_ms "$work/idle.json" | awk '{ printf "%.1f", $1 }')
echo "$users users with a think time of 1 to 2 s: $(field requests "$work/idle.json") requests, $(field failures "$work/idle.json") failed"
claim "their timers were $late ms late at p99, at most 5" "$late" 5
claim "an idle user takes $per_user KiB, at most 64" "$per_user" 64
claim "$(field failures "$work/idle.json") of their requests failed, none may" "$(field failures "$work/idle.json")" 0

# Long enough for more requests than needed, even at two thirds of the measured rate.
rate=$(awk -v s="$each" '{ print $1 / s }' "$work/storemgr.runs" | median)
seconds=$(awk -v n="$requests" -v r="$rate" 'BEGIN { printf "%d", n / r * 1.5 + 2 }')
before=$(handled)
load many --scenario "$work/paths.toml" -u "$connections" -r 1000000 -t "${seconds}s"
# The first connection sends no request.
served=$(($(handled) - before - 1)) counted=$(field requests "$work/many.json")
memory=$(awk -v b="$(field peak_memory_bytes "$work/many.json")" 'BEGIN { printf "%.1f", b / 1048576 }')
claim "$counted requests for 100,000 paths in $seconds s and $memory MiB: nginx served $served, as many" "$((counted > served ? counted - served : served - counted))" 0
claim "they are more than $requests" "$requests" "$counted"
mkdir -p "$(dirname "$json")"
printf '{"rounds":%d,"connections":%d,"seconds":%d,"tools":[%s],"cost_beside":{%s},"idle_users":{"users":%d,"kib_each":%s,"timer_late_p99_ms":%s},"many":{"counted":%d,"served":%d,"memory_mib":%s},"all_hold":%s}\n' \
  "$rounds" "$connections" "$each" "$(IFS=,; echo "${rows[*]}")" "$(IFS=,; echo "${ratios[*]}")" "$users" "$per_user" "$late" \
  "$counted" "$served" "$memory" "$([[ $failed == 0 ]] && echo true || echo false)" >"$json"
exit "$failed"
