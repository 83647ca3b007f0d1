#!/usr/bin/env bash
# What a request costs the load generator: processor time and memory of `storemgr loadtest` beside wrk, oha, hey and
# Locust, whichever are installed, all against one nginx that serves a small file, turn by turn. Requests are counted by
# nginx. Then 10,000 users with think time in one process, and more than a million requests, counted exactly.
#
#   benches/loadtest.sh [ROUNDS]
#
# ROUNDS: how often each tool runs (3 if not given); the table shows medians. Also writes target/bench-loadtest.json.
#
#   STOREMGR     the program            (target/release/storemgr)
#   SECONDS_EACH how long each tool runs (5)
#   CONNECTIONS  connections of each     (100)
#   USERS        idle users              (10000)
set -euo pipefail
export LC_ALL=C
rounds=${1:-3} each=${SECONDS_EACH:-5} connections=${CONNECTIONS:-100} users=${USERS:-10000}
storemgr=$(realpath "${STOREMGR:-target/release/storemgr}")
stop() { echo "benches/loadtest.sh: $1" >&2; exit "${2:-3}"; }
[[ $rounds =~ ^[1-9][0-9]*$ ]] || stop "ROUNDS is a number from 1, not $rounds" 2
[[ -x $storemgr ]] || stop "$storemgr is not there: run cargo build --release, or set STOREMGR" 2
PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || stop "nginx is not installed" 2
[[ -x /usr/bin/time ]] || stop "GNU time is not installed: apt-get install time" 2
json=$PWD/target/bench-loadtest.json

work=$(mktemp -d)
# nginx reads as a user of its own.
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

# Requests that nginx has handled, without the question itself.
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
run_storemgr() { "$storemgr" loadtest --quiet --scenario "$work/get.toml" -H "$url" -u "$connections" -r 1000000 -t "${each}s"; }
export -f run_wrk run_oha run_hey run_locust run_storemgr
export work each connections url storemgr

tools=()
for tool in storemgr wrk oha hey locust; do
  if [[ $tool == storemgr ]] || command -v "$tool" >/dev/null; then tools+=("$tool"); fi
done

# One line for a run: requests, processor time in microseconds, memory in KiB.
measure() {
  local before after
  before=$(handled)
  # A load test that took most of the machine says so by its exit code; here that is what is asked.
  /usr/bin/time -o "$work/time" -f '%U %S %M' bash -c "run_$1" >"$work/said" 2>&1 || true
  after=$(handled)
  tail -n 1 "$work/time" | awk -v n=$((after - before - 1)) '{ printf "%d %.0f %d\n", n, ($1 + $2) * 1e6, $3 }'
}

echo "nginx serving 612 bytes, $connections connections, ${each} s each, $(nproc) cores shared by both sides; medians of $rounds rounds."
for ((round = 0; round < rounds; round++)); do
  for tool in "${tools[@]}"; do measure "$tool" >>"$work/$tool.runs"; done
done
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
echo
echo "| tool | requests/s | CPU µs per request | memory MiB |"
echo "|---|---:|---:|---:|"
rows=()
for tool in "${tools[@]}"; do
  rate=$(awk -v s="$each" '{ print $1 / s }' "$work/$tool.runs" | median)
  cost=$(awk '{ print $2 / ($1 ? $1 : 1) }' "$work/$tool.runs" | median)
  memory=$(awk '{ print $3 / 1024 }' "$work/$tool.runs" | median)
  printf '| %s | %.0f | %.1f | %.1f |\n' "$tool" "$rate" "$cost" "$memory"
  rows+=("$(printf '{"tool":"%s","requests_per_s":%.1f,"cpu_us_per_request":%.2f,"memory_mib":%.2f}' "$tool" "$rate" "$cost" "$memory")")
done

field() { grep -o "\"$1\": *[0-9.]*" "$2" | head -n 1 | grep -o '[0-9.]*$'; }
ulimit -n "$(ulimit -Hn)"
echo
"$storemgr" loadtest --quiet --scenario "$work/get.toml" --think-time 1s..2s -H "$url" -u "$users" -t 15s --json "$work/idle.json" >/dev/null || true
"$storemgr" loadtest --quiet --scenario "$work/get.toml" --think-time 1s..2s -H "$url" -u 1 -t 2s --json "$work/one.json" >/dev/null || true
per_user=$(awk -v a="$(field peak_memory_bytes "$work/idle.json")" -v b="$(field peak_memory_bytes "$work/one.json")" -v n="$users" 'BEGIN { printf "%.1f", (a - b) / 1024 / n }')
late=$(field timer_late_p99_ms "$work/idle.json")
echo "$users users with a think time of 1 to 2 s: $per_user KiB for each, timers $late ms late at p99, $(field requests "$work/idle.json") requests, $(field failures "$work/idle.json") failed."

before=$(handled)
"$storemgr" loadtest --quiet --scenario "$work/paths.toml" -H "$url" -u "$connections" -r 1000000 -t 40s --json "$work/million.json" >/dev/null || true
served=$(($(handled) - before - 1)) counted=$(field requests "$work/million.json")
# The first connection asks nothing.
echo "$counted requests for 100,000 paths counted, $served served by nginx; $(awk -v b="$(field peak_memory_bytes "$work/million.json")" 'BEGIN { printf "%.1f", b / 1048576 }') MiB."
mkdir -p "$(dirname "$json")"
printf '{"rounds":%d,"connections":%d,"seconds":%d,"tools":[%s],"idle_users":{"users":%d,"kib_each":%s,"timer_late_p99_ms":%s},"many":{"counted":%d,"served":%d}}\n' \
  "$rounds" "$connections" "$each" "$(IFS=,; echo "${rows[*]}")" "$users" "$per_user" "$late" "$counted" "$served" >"$json"
[[ $served == "$counted" ]] || stop "the counts differ" 1
