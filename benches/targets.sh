#!/usr/bin/env bash
# Sends 100,000 requests over TLS, by HTTP/1.1 and by HTTP/2, to nginx, Caddy, HAProxy and nghttpd, as far as they are
# installed, and compares the counts of `storemgr loadtest` with the server's own. Then it measures what a request costs the
# load generator over TLS and HTTP/2 beside wrk, oha and h2load, as far as they are in PATH, and what a user takes.
#
#   benches/targets.sh [ROUNDS]
#
# ROUNDS: how often each tool runs (default: 3); the table shows medians of processor time per request.
# Exit code: 0 if all counts are equal, 1 if one is not.
#
#   STOREMGR     the program            (target/release/storemgr)
#   REQUESTS     requests to each server (100000)
#   SECONDS_EACH seconds per run         (5)
#   CONNECTIONS  connections per tool    (50)
#   USERS        users over TLS          (10000)
# shellcheck disable=SC2317 # functions are called by their names
set -euo pipefail
export LC_ALL=C
rounds=${1:-3} requests=${REQUESTS:-100000} each=${SECONDS_EACH:-5} connections=${CONNECTIONS:-50} users=${USERS:-10000}
storemgr=$(realpath "${STOREMGR:-target/release/storemgr}")
[[ $rounds =~ ^[1-9][0-9]*$ ]] || { echo "benches/targets.sh: ROUNDS is a number from 1" >&2; exit 2; }
[[ -x $storemgr ]] || { echo "benches/targets.sh: $storemgr is not there: run cargo build --release" >&2; exit 2; }
PATH=$PATH:/usr/sbin
have() { command -v "$1" >/dev/null; }
ulimit -n "$(ulimit -Hn)"

work=$(mktemp -d)
chmod 755 "$work"
cd "$work"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost 2>/dev/null
cat cert.pem key.pem > both.pem
chmod 644 ./*.pem
port=$((20000 + RANDOM % 10000))
head -c 612 /dev/zero | tr '\0' x > index.html
started=()
stop() { kill "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT

await() { for _ in $(seq 100); do (: < "/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done; return 1; }
cat > nginx.conf <<CONF
worker_processes 1; worker_rlimit_nofile 65536; daemon off; pid nginx.pid; error_log error.log;
events { worker_connections 32768; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  ssl_certificate cert.pem; ssl_certificate_key key.pem;
  server { listen 127.0.0.1:$port ssl http2 backlog=16384; root $work; }
  server { listen 127.0.0.1:$((port + 1)) ssl http2; access_log nginx.log; location / { return 200 'hello'; } }
  server { listen 127.0.0.1:$((port + 2)); location / { return 200 'hello'; } }
}
CONF
nginx -c "$work/nginx.conf" -p "$work" 2>/dev/null & started+=($!)
await $((port + 1))

# For each server: its port, and how many requests it has counted. HAProxy counts a connection without a request as one, so
# it is asked for its good answers.
counted_nginx() { wc -l < nginx.log; }
counted_caddy() { if [[ -f caddy.log ]]; then grep -c '"handled request"' caddy.log || true; else echo 0; fi; }
counted_haproxy() { echo "show stat" | python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect("haproxy.sock"); s.sendall(sys.stdin.buffer.read())
data = b""
while part := s.recv(65536): data += part
rows = data.decode().lstrip("# ").splitlines(); names = rows[0].split(",")
print(next(r.split(",")[names.index("hrsp_2xx")] for r in rows[1:] if r.startswith("front,FRONTEND")))'; }
counted_nghttpd() { grep -c 'recv HEADERS frame' nghttpd.log || true; }
servers=(nginx:$((port + 1)))
if have caddy; then
  printf '{\nadmin off\nauto_https off\n}\nhttps://localhost:%s {\nbind 127.0.0.1\ntls cert.pem key.pem\nlog {\noutput file caddy.log {\nroll_disabled\n}\n}\nrespond "hello"\n}\n' \
    $((port + 3)) > Caddyfile
  HOME=$work caddy run --config Caddyfile --adapter caddyfile > caddy.out 2>&1 & started+=($!)
  await $((port + 3)) && servers+=(caddy:$((port + 3)))
fi
if have haproxy; then
  cat > haproxy.cfg <<CONF
global
  stats socket $work/haproxy.sock mode 600
  maxconn 4000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend front
  bind 127.0.0.1:$((port + 4)) ssl crt $work/both.pem alpn h2,http/1.1
  default_backend back
backend back
  server one 127.0.0.1:$((port + 2))
CONF
  haproxy -f haproxy.cfg > haproxy.out 2>&1 & started+=($!)
  await $((port + 4)) && servers+=(haproxy:$((port + 4)))
fi
if have nghttpd; then
  nghttpd -v --address=127.0.0.1 -d "$work" $((port + 5)) key.pem cert.pem > nghttpd.log 2>&1 & started+=($!)
  await $((port + 5)) && servers+=(nghttpd:$((port + 5)))
fi

failed=0
echo "| server | version | requests | failed | counted by the server | |"
echo "|---|---|---:|---:|---:|---|"
for server in "${servers[@]}"; do
  name=${server%:*}
  for version in HTTP/1.1 HTTP/2; do
    [[ $name == nghttpd && $version == HTTP/1.1 ]] && continue
    options=(); [[ $version == HTTP/2 ]] && options=(--http2)
    sleep 0.5
    before=$("counted_$name")
    "$storemgr" loadtest "https://localhost:${server#*:}/index.html" --ca cert.pem -u 20 --iterations "$requests" -t 5m \
      --quiet --json run.json "${options[@]}" >/dev/null 2>&1 || true
    sleep 1.5
    counted=$(($("counted_$name") - before))
    read -r sent bad < <(python3 -c 'import json; r = json.load(open("run.json")); print(r["requests"], r["failures"])')
    word=equal
    [[ $sent == "$requests" && $counted == "$sent" && $bad == 0 ]] || { word="NOT EQUAL"; failed=1; }
    echo "| $name | $version | $sent | $bad | $counted | $word |"
  done
done

url=https://localhost:$port/index.html
run_storemgr_tls() { "$storemgr" loadtest "$url" --ca cert.pem -u "$connections" -r 1000000 -t "${each}s" --quiet --json run.json; }
run_storemgr_http2() { "$storemgr" loadtest "$url" --ca cert.pem --http2 -u "$connections" -r 1000000 -t "${each}s" --quiet --json run.json; }
run_wrk_tls() { wrk -t"$(nproc)" -c"$connections" -d"${each}s" "$url"; }
run_oha_tls() { oha --no-tui --insecure -z "${each}s" -c "$connections" "$url"; }
run_oha_http2() { oha --no-tui --insecure --http2 -p 1 -z "${each}s" -c "$connections" "$url"; }
run_h2load_http2() { h2load -t"$(nproc)" -c"$connections" -m1 -D"$each" "$url"; }
export -f run_storemgr_tls run_storemgr_http2 run_wrk_tls run_oha_tls run_oha_http2 run_h2load_http2
export work each connections url storemgr
# The requests of a run, by the tool's own word: nginx counts each of HTTP/2 as well, but not by tool.
said() {
  case $1 in
    storemgr_*) python3 -c 'import json; print(json.load(open("run.json"))["requests"])' ;;
    wrk_*) awk '/requests in/ { print $1 }' said ;;
    oha_*) awk '/responses/ && /\[200\]/ { s += $2 } END { print s }' said ;;
    h2load_*) sed -n 's/^requests: .* \([0-9]*\) succeeded.*/\1/p' said ;;
  esac
}
sides=(storemgr_tls storemgr_http2)
have wrk && sides+=(wrk_tls)
have oha && sides+=(oha_tls oha_http2)
have h2load && sides+=(h2load_http2)
for ((round = 0; round < rounds; round++)); do
  for ((turn = 0; turn < ${#sides[@]}; turn++)); do
    side=${sides[(round + turn) % ${#sides[@]}]}
    /usr/bin/time -o time -f '%U %S %M' bash -c "run_$side" > said 2>&1 || true
    count=$(said "$side")
    [[ ${count:-0} -gt 0 ]] && tail -n 1 time | awk -v n="$count" '{ printf "%.2f %d %d\n", ($1 + $2) * 1e6 / n, n, $3 }' >> "$side.runs"
  done
done
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
echo
echo "nginx serving 612 bytes over TLS, $connections connections, ${each} s each, $(nproc) cores shared by both sides; medians of $rounds rounds."
echo
echo "| tool | CPU µs per request | requests/s | memory MiB |"
echo "|---|---:|---:|---:|"
for side in "${sides[@]}"; do
  [[ -s $side.runs ]] || { echo "| $side | not measured: $(tail -n 1 said) | | |"; continue; }
  echo "| $side | $(cut -d' ' -f1 "$side.runs" | median) | $(($(cut -d' ' -f2 "$side.runs" | median) / each)) | $(($(cut -d' ' -f3 "$side.runs" | median) / 1024)) |"
done

echo
/usr/bin/time -o time -f '%M' "$storemgr" loadtest "$url" --ca cert.pem -u "$users" -r $((users / 20)) -t 30s --think-time 1s..2s --quiet \
  --json run.json >/dev/null 2>&1 || true
python3 - "$users" "$(tail -n 1 time)" <<'PY'
import json, sys
run, users, kib = json.load(open("run.json")), int(sys.argv[1]), int(sys.argv[2])
print(f"{users} users over TLS with a think time of 1 to 2 s: {run['requests']} requests, {run['failures']} failed, "
      f"{kib / users:.1f} KiB each, timers {run['generator']['timer_late_p99_ms']} ms late at p99")
PY
exit "$failed"
