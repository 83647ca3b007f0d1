#!/usr/bin/env bash
# What journeys cost the load generator: requests with captures, cookies and a token, in turn with the same requests as tasks
# that know the cookie and the token beforehand, and with the least that can be sent (a GET without more), against one nginx
# that answers all of them; and what a user on journeys takes.
#
#   benches/journeys.sh [ROUNDS]
#
# ROUNDS: how often each side runs (default: 5); the table shows medians of processor time per request.
# Exit code: 0 if every request was good, 1 if one failed.
#
#   STOREMGR     the program             (target/release/storemgr)
#   SECONDS_EACH seconds per run          (5)
#   CONNECTIONS  users without a pause    (50)
#   USERS        users on journeys        (10000)
# shellcheck disable=SC2317 # the function is called by a trap
set -euo pipefail
export LC_ALL=C
rounds=${1:-5} each=${SECONDS_EACH:-5} connections=${CONNECTIONS:-50} users=${USERS:-10000}
storemgr=$(realpath "${STOREMGR:-target/release/storemgr}")
[[ $rounds =~ ^[1-9][0-9]*$ ]] || { echo "benches/journeys.sh: ROUNDS is a number from 1" >&2; exit 2; }
[[ -x $storemgr ]] || { echo "benches/journeys.sh: $storemgr is not there: run cargo build --release" >&2; exit 2; }
PATH=$PATH:/usr/sbin
ulimit -n "$(ulimit -Hn)"

work=$(mktemp -d)
chmod 755 "$work"
cd "$work"
port=$((20000 + RANDOM % 10000))
started=()
stop() { kill "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT
cat > nginx.conf <<CONF
worker_processes 1; worker_rlimit_nofile 65536; daemon off; pid nginx.pid; error_log error.log;
events { worker_connections 32768; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s; default_type application/json;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server {
    listen 127.0.0.1:$port backlog=16384;
    location = /session { add_header set-cookie "session=4f1c0a9be2; Path=/; HttpOnly"; return 200 '{"token":"5b0e7a63c1d94f28","user":{"id":42}}'; }
    location = /products { return 200 '{"items":[{"id":7,"name":"cup","price":"4.50"},{"id":8,"name":"bowl","price":"7.25"}]}'; }
    location /products/ { return 200 '{"id":7,"name":"cup","price":"4.50","stock":120}'; }
    # Who has no cookie and no token is refused, so that a run without failures has sent both.
    location = /orders {
      if (\$cookie_session != 4f1c0a9be2) { return 401; }
      if (\$http_authorization != "Bearer 5b0e7a63c1d94f28") { return 401; }
      return 201 '{"order_id":1001}';
    }
  }
}
CONF
nginx -c "$work/nginx.conf" -p "$work" 2>/dev/null & started+=($!)
for _ in $(seq 100); do (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done

cat > task.toml <<'TOML'
name = "one task"
[[task]]
name = "products"
path = "/products"
TOML
cat > tasks.toml <<'TOML'
name = "the same requests as tasks"
[[task]]
name = "log in"
method = "POST"
path = "/session"
headers = { content-type = "application/x-www-form-urlencoded" }
body = "user=anna"
[[task]]
name = "products"
path = "/products"
headers = { authorization = "Bearer 5b0e7a63c1d94f28", cookie = "session=4f1c0a9be2" }
[[task]]
name = "product"
path = "/products/7"
route = "/products/{id}"
headers = { authorization = "Bearer 5b0e7a63c1d94f28", cookie = "session=4f1c0a9be2" }
[[task]]
name = "order"
method = "POST"
path = "/orders"
headers = { authorization = "Bearer 5b0e7a63c1d94f28", cookie = "session=4f1c0a9be2", content-type = "application/json" }
body = '{"product":7,"quantity":1}'
check = { status = 201 }
TOML
cat > journey.toml <<'TOML'
name = "journey"
[client]
cookies = true
[[journey]]
name = "buy"
[[journey.step]]
name = "log in"
method = "POST"
path = "/session"
form = { user = "anna" }
capture = { token = { json = "/token" } }
[[journey.step]]
name = "products"
path = "/products"
bearer = "{{token}}"
capture = { product = { json = "/items/0/id" } }
[[journey.step]]
name = "product"
path = "/products/{{product}}"
route = "/products/{id}"
bearer = "{{token}}"
[[journey.step]]
name = "order"
method = "POST"
path = "/orders"
bearer = "{{token}}"
json = { product = "{{product}}", quantity = 1 }
check = { status = 201 }
TOML

failed=0
field() { python3 -c 'import json, sys; r = json.load(open("run.json")); print(r["requests"], r["failures"], r["generator"]["cpu_us_per_request"])'; }
for ((round = 0; round < rounds; round++)); do
  sides=(task tasks journey)
  for ((turn = 0; turn < 3; turn++)); do
    side=${sides[(round + turn) % 3]}
    "$storemgr" loadtest --host "http://127.0.0.1:$port" --scenario "$side.toml" -u "$connections" -r 1000000 --think-time 0s -t "${each}s" \
      --quiet --json run.json > said 2>&1 || [[ $? == 98 ]] || { tail -n 5 said; failed=1; }
    read -r count bad cost < <(field)
    [[ $count -gt 0 && $bad == 0 ]] || { echo "$side: $bad of $count requests failed"; failed=1; }
    echo "$cost $count" >> "$side.runs"
  done
done
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
echo "$connections users without a pause against one nginx, ${each} s each in turn, $(nproc) cores shared by both sides; medians of $rounds rounds."
echo
echo "| what | CPU µs per request | requests/s |"
echo "|---|---:|---:|"
name() { case $1 in task) echo "one plain GET" ;; tasks) echo "the requests of the journey as tasks" ;; journey) echo "the journey" ;; esac; }
for side in "${sides[@]}"; do
  echo "| $(name "$side") | $(cut -d' ' -f1 "$side.runs" | median) | $(($(cut -d' ' -f2 "$side.runs" | median) / each)) |"
done
echo
for side in tasks task; do
  paste -d' ' "$side.runs" journey.runs | awk '{ print $3 / $1 }' | sort -n |
    awk -v of="$(name "$side")" '{ r[NR] = $1 } END { printf "the journey / %s: median %.2f, from %.2f to %.2f\n", of, r[int((NR + 1) / 2)], r[1], r[NR] }'
done

echo
/usr/bin/time -o time -f '%M' "$storemgr" loadtest --host "http://127.0.0.1:$port" --scenario journey.toml -u "$users" -r $((users / 20)) -t 30s \
  --think-time 1s..2s --quiet --json run.json > said 2>&1 || [[ $? == 98 ]] || { tail -n 5 said; failed=1; }
python3 - "$users" "$(tail -n 1 time)" <<'PY'
import json, sys
run, users, kib = json.load(open("run.json")), int(sys.argv[1]), int(sys.argv[2])
journeys = sum(journey["journeys"] for journey in run["journeys"])
print(f"{users} users on journeys with a think time of 1 to 2 s: {run['requests']} requests, {run['failures']} failed, {journeys} journeys, "
      f"{kib / users:.1f} KiB each, timers {run['generator']['timer_late_p99_ms']} ms late at p99")
PY
exit "$failed"
