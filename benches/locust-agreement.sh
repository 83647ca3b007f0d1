#!/usr/bin/env bash
# Runs the same scenario with Locust and with storemgr against one server, and compares their counts and times.
#
#   benches/locust-agreement.sh [USERS [SECONDS]]
#
# The server is a small Python program whose answers take log-normally distributed times, the same times in the same order
# for both tools. It records the time of each answer by its own clock, so that each tool is compared with the true values.
# The tools run the store's mix one after the other, with the same users, spawn rate and think time. Locust measures whole
# milliseconds below 100 and keeps two digits above, and it needs a free processor, otherwise it measures its own delay.
# Needs `locust` (pip install locust), and stops with a message without it. Exit code 1 if a tool differs from the server by
# more than its resolution.
set -euo pipefail
cd "$(dirname "$0")/.."

users=${1:-10} seconds=${2:-40}
if ! command -v locust >/dev/null; then
  echo "locust is not installed (pip install locust): nothing was compared"
  exit 0
fi
program=${STOREMGR:-target/release/storemgr}
[[ -x $program ]] || { echo "$program is not there: cargo build --release" >&2; exit 2; }
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT

cat >"$folder/server.py" <<'PYTHON'
import asyncio, json, random, sys, time

delays, took = random.Random(1), {}

async def talk(reader, writer):
    global delays, took
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            began = time.perf_counter()
            method, path, _ = head.split("\r\n", 1)[0].split(" ", 2)
            length = [line for line in head.split("\r\n") if line.startswith("content-length:")]
            if length:
                await reader.readexactly(int(length[0].split(":")[1]))
            if path == "/took":
                # The true values since the last call; the next tool gets the same times again.
                body = json.dumps(took).encode()
                delays, took = random.Random(1), {}
            else:
                await asyncio.sleep(delays.lognormvariate(-3.5, 0.6))
                body = b"[]"
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
            if path != "/took":
                took.setdefault(method.upper() + " " + path, []).append(1e3 * (time.perf_counter() - began))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    with open(sys.argv[1], "w") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()

asyncio.run(main())
PYTHON

cat >"$folder/locustfile.py" <<'PYTHON'
import random
from locust import HttpUser, between, task

class Customer(HttpUser):
    wait_time = between(0.1, 0.2)

    @task(10)
    def order(self):
        lines = 1 if random.random() < 0.7 else 3
        items = [{"product_id": random.randint(1, 10000), "quantity": random.randint(1, 3)} for _ in range(lines)]
        self.client.post("/orders", json={"user_id": random.randint(1, 1000), "items": items})

    @task(10)
    def best_sellers(self):
        self.client.get("/orders/reports/best-sellers")

    @task(10)
    def highest_spenders(self):
        self.client.get("/orders/reports/highest-spenders")
PYTHON

python3 "$folder/server.py" "$folder/port" &
server=$!
for _ in $(seq 50); do [[ -s $folder/port ]] && break; sleep 0.1; done
host=http://127.0.0.1:$(cat "$folder/port")
took() { python3 -c "import sys, urllib.request as u; sys.stdout.write(u.urlopen('$host/took').read().decode())" >"$folder/$1_took.json"; }

rate=$((users / 2 > 0 ? users / 2 : 1))
locust -f "$folder/locustfile.py" --headless --host "$host" -u "$users" -r "$rate" -t "${seconds}s" --stop-timeout 10 \
  --csv "$folder/locust" --only-summary >"$folder/locust.log" 2>&1 || { tail "$folder/locust.log" >&2; exit 1; }
took locust
"$program" loadtest --host "$host" -u "$users" -r "$rate" -t "${seconds}s" --think-time 100ms..200ms \
  --csv "$folder/storemgr" --quiet >"$folder/storemgr.log" || { cat "$folder/storemgr.log" >&2; exit 1; }
took storemgr

python3 - "$folder" "$seconds" <<'PYTHON'
import csv, json, math, sys

def told(tool):
    with open(f"{sys.argv[1]}/{tool}_stats.csv") as file:
        return {f'{row["Type"]} {row["Name"]}'.strip(): row for row in csv.DictReader(file)}

def served(tool):
    with open(f"{sys.argv[1]}/{tool}_took.json") as file:
        routes = json.load(file)
    routes["Aggregated"] = [time for times in routes.values() for time in times]
    return {route: sorted(times) for route, times in routes.items()}

def resolution(tool, time):
    # Locust rounds to whole milliseconds, and to two digits from 100 on; both receive an answer a little after it was sent.
    if tool == "storemgr":
        return 0.02 * time + 1
    return 0.02 * time + 1 + (1 if time < 100 else 10 if time < 1000 else 100)

failed = False
print("| route | figure | server | Locust | | server | storemgr | |\n|---|---|---:|---:|---:|---:|---:|---:|")
tools = {tool: (told(tool), served(tool)) for tool in ("locust", "storemgr")}
for route in sorted(tools["locust"][1]):
    for figure in ("Request Count", "Failure Count", "50%", "95%", "99%"):
        cells = []
        for tool, (stats, times) in tools.items():
            said = float(stats[route][figure])
            if figure == "Failure Count":
                did, allowed = 0, 0
            elif figure == "Request Count":
                # Locust's file lacks the requests of about its last second.
                did = len(times[route])
                allowed = 0 if tool == "storemgr" else 2 * did / float(sys.argv[2])
            else:
                did = times[route][math.ceil(float(figure[:-1]) / 100 * len(times[route])) - 1]
                allowed = resolution(tool, did)
            good = abs(said - did) <= allowed
            failed |= not good
            apart = f"{100 * (said - did) / did:+.1f} %" if did else ""
            cells += [f"{did:.0f}" if figure.endswith("Count") else f"{did:.1f}", f"{said:g}", apart + ("" if good else " (too much)")]
        print(f"| `{route}` | {figure} | " + " | ".join(cells) + " |")
sys.exit(failed)
PYTHON
