#!/usr/bin/env bash
# Runs the same journeys with Locust and with storemgr against the shop with a log-in of the tests, and compares what each
# tool says with what the shop has counted.
#
#   benches/locust-journeys.sh [JOURNEYS [USERS]]      10000 journeys of 50 users, if nothing is said
#
# A journey asks for the form, logs in (a cookie, a secret of the form, a redirect to the account), orders with the token of
# the account, and asks for the order's state until it is paid, which it is the third time. The shop refuses everything else.
# Both tools must find as many requests of each kind as the shop, and none refused.
# Needs `locust` (pip install locust), and stops with a message without it. Exit code 1 if a count differs.
set -euo pipefail
cd "$(dirname "$0")/.."

journeys=${1:-10000} users=${2:-50}
if ! command -v locust >/dev/null; then
  echo "locust is not installed (pip install locust): nothing was compared"
  exit 0
fi
program=${STOREMGR:-target/release/storemgr}
[[ -x $program ]] || { echo "$program is not there: cargo build --release" >&2; exit 2; }
folder=$(mktemp -d)
shop=
trap '[[ -z $shop ]] || kill "$shop" 2>/dev/null; rm -rf "$folder"' EXIT

cat >"$folder/locustfile.py" <<'PYTHON'
import itertools, os, re, time
import gevent
from locust import HttpUser, constant, task
from locust.exception import StopUser

JOURNEYS = int(os.environ["JOURNEYS"])
begun, ended = itertools.count(1), itertools.count(1)

class Customer(HttpUser):
    wait_time = constant(0)

    @task
    def buy(self):
        if next(begun) > JOURNEYS:
            raise StopUser()
        self.client.cookies.clear()
        page = self.client.get("/login").text
        csrf = re.search('name="csrf" value="([^"]+)"', page).group(1)
        form = {"csrf": csrf, "email": "ann@example.com", "password": "correct horse"}
        # The log-in and the account that it leads to are one request for Locust, as for storemgr.
        page = self.client.post("/login", data=form).text
        token = re.search('name="token" content="([^"]+)"', page).group(1)
        bearer = {"Authorization": f"Bearer {token}"}
        order = self.client.post("/orders", json={"product": 7, "quantity": 1}, headers=bearer)
        while True:
            state = self.client.get(order.headers["location"], headers=bearer, name="/orders/{id}")
            if state.json()["state"] == "paid":
                break
            time.sleep(0.1)
        if next(ended) == JOURNEYS:
            # Not by this user itself, who would wait for its own end.
            gevent.spawn(self.environment.runner.quit)
PYTHON

# Only the journey of buying, with the customer of the other tool.
awk '/^name = "look"/ { exit } { print }' scenarios/shop.toml | sed -e '$d' -e '/^\[csv\]/,/^$/d' \
  -e 's/{{csv.customers.email}}/ann@example.com/' -e 's/^think_time = .*/think_time = "0s"/' | sed -e '${/^\[\[journey\]\]/d}' >"$folder/buy.toml"

start_shop() {
  [[ -z $shop ]] || kill "$shop"
  python3 tests/data/shop.py >"$folder/address" &
  shop=$!
  for _ in $(seq 100); do [[ ! -s $folder/address ]] || break; sleep 0.1; done
  address=$(<"$folder/address")
}

start_shop
echo "Locust: $journeys journeys of $users users"
began=$(date +%s.%N)
JOURNEYS=$journeys timeout 1800 locust -f "$folder/locustfile.py" --headless --json-file "$folder/locust" --users "$users" --spawn-rate 500 \
  --host "$address" >"$folder/locust.log" 2>&1 || { tail -n 20 "$folder/locust.log" >&2; exit 1; }
locust_s=$(python3 -c "import time; print(f'{time.time() - $began:.1f}')")
curl --silent --fail "$address/counts" >"$folder/locust.counts"

start_shop
echo "storemgr: $journeys journeys of $users users"
began=$(date +%s.%N)
SHOP_PASSWORD='correct horse' "$program" loadtest --scenario "$folder/buy.toml" --host "$address" --users "$users" \
  --spawn-rate 500 --iterations "$journeys" --json "$folder/storemgr.json" >"$folder/storemgr.log" 2>&1 ||
  { tail -n 40 "$folder/storemgr.log" >&2; exit 1; }
storemgr_s=$(python3 -c "import time; print(f'{time.time() - $began:.1f}')")
curl --silent --fail "$address/counts" >"$folder/storemgr.counts"

python3 - "$folder" "$journeys" "$locust_s" "$storemgr_s" <<'PYTHON'
import json, sys

folder, journeys = sys.argv[1], int(sys.argv[2])
kinds = {"forms": ("GET", "/login"), "logins": ("POST", "/login"), "orders": ("POST", "/orders"), "states": ("GET", "/orders/{id}")}
with open(f"{folder}/locust.json") as file:
    locust = {(row["method"], row["name"]): (row["num_requests"], row["num_failures"]) for row in json.load(file)}
with open(f"{folder}/storemgr.json") as file:
    summary = json.load(file)
ours = {(route["method"], route["route"]): (route["requests"], route["failures"]) for route in summary["routes"]}
shops = {tool: json.load(open(f"{folder}/{tool}.counts")) for tool in ("locust", "storemgr")}
expected = {"forms": journeys, "logins": journeys, "orders": journeys, "states": 3 * journeys}
agree = True
print(f"{'':24} {'expected':>9} {'Locust':>9} {'its shop':>9} {'storemgr':>9} {'its shop':>9}")
for kind, key in kinds.items():
    figures = [expected[kind], locust[key][0], shops["locust"].get(kind, 0), ours[key][0], shops["storemgr"].get(kind, 0)]
    agree &= len(set(figures)) == 1 and locust[key][1] == ours[key][1] == 0
    print(f"{' '.join(key):24} " + " ".join(f"{figure:>9,}" for figure in figures))
refused = [shops[tool].get("refused", 0) for tool in ("locust", "storemgr")]
buy = summary["journeys"][0]
agree &= refused == [0, 0] and (buy["journeys"], buy["failures"]) == (journeys, 0)
print(f"refused by the shop: {refused[0]} of Locust, {refused[1]} of storemgr; journeys of storemgr: {buy['journeys']:,}, {buy['failures']} failed")
print(f"time: Locust {sys.argv[3]} s, storemgr {sys.argv[4]} s; the shop is a Python program of one process")
sys.exit(0 if agree else 1)
PYTHON
