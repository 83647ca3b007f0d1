#!/usr/bin/env bash
# The same scenario run by Locust and by storemgr against one server: do they count and measure the same?
#
#   benches/locust-agreement.sh [USERS [SECONDS]]
#
# The server is a small one of Python's, whose answers take a log-normal time. Both tools run the store's mix one after the
# other, with the same users, spawn rate and think time. Locust measures whole milliseconds below 100 and keeps two
# digits above, so percentiles can agree within that; and it needs a processor that is free, or it measures its own
# lateness. Needs `locust` (pip install locust); says so and stops without it.
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
import asyncio, random, sys

counts = {}

async def talk(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            method, path, _ = head.split("\r\n", 1)[0].split(" ", 2)
            length = [line for line in head.split("\r\n") if line.startswith("content-length:")]
            if length:
                await reader.readexactly(int(length[0].split(":")[1]))
            if path == "/counts":
                body = str(sum(counts.values())).encode()
            else:
                counts[method + path] = counts.get(method + path, 0) + 1
                await asyncio.sleep(random.lognormvariate(-3.5, 0.6))
                body = b"[]"
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
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
counted() { python3 -c "import urllib.request as u; print(u.urlopen('$host/counts').read().decode())"; }

rate=$((users / 2 > 0 ? users / 2 : 1))
before=$(counted)
locust -f "$folder/locustfile.py" --headless --host "$host" -u "$users" -r "$rate" -t "${seconds}s" --stop-timeout 10 \
  --csv "$folder/locust" --only-summary >"$folder/locust.log" 2>&1 || { tail "$folder/locust.log" >&2; exit 1; }
between=$(counted)
"$program" loadtest --host "$host" -u "$users" -r "$rate" -t "${seconds}s" --think-time 100ms..200ms \
  --csv "$folder/storemgr" --quiet >"$folder/storemgr.log" || { cat "$folder/storemgr.log" >&2; exit 1; }
after=$(counted)

LOCUST_SERVED=$((between - before)) STOREMGR_SERVED=$((after - between)) python3 - "$folder" <<'PYTHON'
import csv, os, sys

def rows(tool):
    with open(f"{sys.argv[1]}/{tool}_stats.csv") as file:
        return {(row["Type"], row["Name"]): row for row in csv.DictReader(file)}

locust, storemgr = rows("locust"), rows("storemgr")
failed = 0
for tool, found in (("locust", locust), ("storemgr", storemgr)):
    told, served = int(found["", "Aggregated"]["Request Count"]), int(os.environ[tool.upper() + "_SERVED"])
    print(f"{tool}: {told} requests told, {served} served")
    # Locust does not count what was in flight when its time was over.
    failed |= tool == "storemgr" and told != served
columns = ["Request Count", "Failure Count", "50%", "95%", "99%", "Requests/s"]
print("\n| route | figure | Locust | storemgr | difference |\n|---|---|---:|---:|---:|")
for key, row in sorted(locust.items()):
    other = storemgr[key]
    for column in columns:
        a, b = float(row[column]), float(other[column])
        # Two runs of chance: the counts of two Poisson processes, a percentile of so many log-normal values, and Locust's
        # own two digits.
        allowed = {"Request Count": 0.08, "Requests/s": 0.08, "50%": 0.08, "95%": 0.12, "99%": 0.25}.get(column, 0)
        apart = abs(a - b) / max(a, b, 1e-9)
        good = apart <= allowed
        failed |= not good
        name = " ".join(key).strip()
        print(f"| `{name}` | {column} | {a:g} | {b:g} | {100 * (b - a) / a if a else 0:+.1f} %{'' if good else ' (too much)'} |")
sys.exit(bool(failed))
PYTHON
