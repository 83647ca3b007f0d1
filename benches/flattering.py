#!/usr/bin/env python3
"""Tries load generators on services that could look better than they are, and prints what each tool says of them.

    benches/flattering.py [ROW…]      all rows, or those with these numbers

The numbers are those of the table in docs/loadtest.md. The services are the few lines below, on loopback ports of their
own. Tried are those of wrk, hey, oha, locust and k6 that are in PATH, and storemgr (target/release/storemgr, or $STOREMGR).
A run takes a few seconds; all of them take some ten minutes. Prints a table in Markdown, with the versions below it.
"""

import asyncio
import csv
import json
import multiprocessing
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

STOREMGR = os.environ.get("STOREMGR", str(Path(__file__).parent.parent / "target/release/storemgr"))
MARK = "\u202e"
# How long a run may take beyond its time before it is ended.
PATIENCE_S = 40

# --- The services: what each request is answered, by its number from 0 and its path.


def answer(status, body="{}", after=0.0, reason="Said", headers=""):
    return status, body, after, reason, headers


def refuses(number, _):
    return answer(200, after=0.5) if number % 10 == 9 else answer(503)


def dies(number, _):
    if number >= 200:
        os._exit(0)
    return answer(200, after=0.02)


def redirects(_, path):
    return answer(200) if path == "/elsewhere" else answer(301, headers="location: /elsewhere\r\n")


SERVICES = {
    "well": lambda number, path: answer(200, after=0.02),
    "refuses": refuses,
    "dies": dies,
    "redirects": redirects,
    "off by one": lambda number, path: answer(200, '{"n":9223372036854775806}'),
    "fails": lambda number, path: answer(500, ""),
    "number": lambda number, path: answer(500, '{"error":"1040 (HY000): Too many connections"}'),
    "unknown": lambda number, path: answer(422, '{"error":"there is no product 7041"}'),
    "marks": lambda number, path: answer(500, '{"error":"%s"}' % MARK, reason=f"Bad {MARK} day"),
}


async def endless(writer):
    """500 with a body that does not end, 5 MB each second."""
    writer.write(b"HTTP/1.1 500 Said\r\ntransfer-encoding: chunked\r\n\r\n")
    piece = b"x" * 50_000
    while True:
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await writer.drain()
        await asyncio.sleep(0.01)


async def large(writer):
    """500 with a body of 100 MB."""
    writer.write(b"HTTP/1.1 500 Said\r\ncontent-length: 100000000\r\n\r\n")
    for _ in range(1_000):
        writer.write(b"x" * 100_000)
        await writer.drain()


async def silent(_):
    await asyncio.sleep(3_600)


STREAMS = {"endless": endless, "large": large, "silent": silent}


def serve(listener, name):
    asked = iter(range(sys.maxsize))

    async def talk(reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if name in STREAMS:
                    await STREAMS[name](writer)
                    continue
                status, body, after, reason, headers = SERVICES[name](next(asked), head.split(" ")[1])
                if after:
                    await asyncio.sleep(after)
                body = body.encode()
                line = f"HTTP/1.1 {status} {reason}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode()
                writer.write(line + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main():
        await (await asyncio.start_server(talk, sock=listener)).serve_forever()

    asyncio.run(main())


# --- The tools: how each is called, and what it says.

LOCUST_FILE = """
from locust import HttpUser, LoadTestShape, task

class Visitor(HttpUser):
    @task(1_000_000)
    def often(self):
        with self.client.get("/", catch_response=True) as answer:
            {check}
{more}
"""
LOCUST_RARE = "    @task(1)\n    def rare(self):\n        self.client.get('/rare')\n"
LOCUST_SHAPE = """
class Shape(LoadTestShape):
    def tick(self):
        return (3, 3) if self.get_run_time() < 1 else None
"""
K6_SCRIPT = """
import http from 'k6/http';
import {{ check }} from 'k6';
export const options = {options};
export default function () {{
    const answer = http.get(__ENV.URL + '/');
    {more}
}}
"""
TASK = "name = 'flattering'\nthink_time = '0s'\n[[task]]\nname = 'often'\npath = '/'\nweight = 1_000_000\n"
STOREMGR_RARE = "[[task]]\nname = 'rare'\npath = '/rare'\n"


class Said:
    """What a run printed and wrote, how it ended, and the memory it took at most."""

    def __init__(self, folder, text, code, seconds, memory):
        self.folder, self.text, self.code, self.seconds, self.memory = folder, text, code, seconds, memory

    def found(self, pattern):
        return re.findall(pattern, self.text, re.MULTILINE)

    def first(self, pattern):
        return next(iter(self.found(pattern)), "-")


def in_ms(text):
    """A time as the tools write it, in milliseconds."""
    found = re.fullmatch(r"([\d.]+) ?(us|ms|s|sec|secs|m)", text.strip())
    if not found:
        return "-"
    factor = {"us": 1e-3, "ms": 1, "m": 60_000}.get(found[2], 1_000)
    return f"{float(found[1]) * factor:.4g} ms"


def counted(lines):
    return ", ".join(" ".join(line) if isinstance(line, tuple) else line for line in lines) or "no failure told"


class Wrk:
    name, checks, files = "wrk", False, False

    def command(self, url, seconds, users, row, folder):
        return ["wrk", "-t1", f"-c{users}", f"-d{seconds}s", "--latency", url + "/"]

    def figures(self, said):
        times = [in_ms(said.first(rf"^\s+{percent}%\s+(\S+)")) for percent in (50, 99)]
        latency = said.first(r"Latency\s+\S+\s+\S+\s+(\S+)")
        told = said.found(r"^\s+(Socket errors: .*|Non-2xx or 3xx responses: \d+)")
        return *times, in_ms(latency), said.first(r"(\d+) requests in") + f" requests, {counted(told)}"

    def version(self):
        return output(["wrk", "--version"]).split("\n")[0].split(" Copyright")[0]


class Hey:
    name, checks, files = "hey", False, False

    def command(self, url, seconds, users, row, folder):
        number = ["-n", "10"] if row == "19" else []
        return ["hey", *number, "-z", f"{seconds}s", "-c", str(users), "-t", "10", url + "/"]

    def figures(self, said):
        times = [in_ms(said.first(rf"{percent}%%? in ([\d.]+ secs)")) for percent in (50, 99)]
        told = said.found(r"^\s+(\[\d+\])\s+(\S.{0,70})")
        return *times, in_ms(said.first(r"Slowest:\s+(\S+ secs)")), counted(told)

    def version(self):
        return "hey " + output(["dpkg-query", "-W", "-f", "${Version}", "hey"])


class Oha:
    name, checks, files = "oha", False, True

    def command(self, url, seconds, users, row, folder):
        number = ["-n", "10"] if row == "19" else []
        written = ["--output-format", "json", "-o", str(folder / "run.json")] if row == "11" else []
        return ["oha", "--no-tui", *number, *written, "-z", f"{seconds}s", "-c", str(users), url + "/"]

    def figures(self, said):
        times = [in_ms(said.first(rf"{percent}\.00% in (\S+ \w+)")) for percent in (50, 99)]
        success = said.first(r"Success rate:\s+(\S+)")
        told = said.found(r"^\s+(\[\d+\])\s+(\S.{0,70})")
        return *times, in_ms(said.first(r"Slowest:\s+(\S+ \w+)")), f"success {success}, {counted(told)}"

    def version(self):
        return output(["oha", "--version"]).strip()


class Locust:
    name, checks, files = "locust", True, True

    def command(self, url, seconds, users, row, folder):
        check, more = "pass", ""
        if row == "5":
            more = LOCUST_RARE
        elif row == "6":
            check = "if answer.json()['n'] != 9223372036854775807: answer.failure('not that number')"
        elif row == "7":
            check = "if answer.elapsed.total_seconds() < float('nan'): answer.failure('too quick')"
        elif row == "19":
            more = LOCUST_SHAPE
        (folder / "locustfile.py").write_text(LOCUST_FILE.format(check=check, more=more))
        page = ["--html", str(folder / "run_stats.csv")] if row == "12" else []
        time = ["-t", f"{seconds}s"]
        return ["locust", "-f", str(folder / "locustfile.py"), "--headless", "--only-summary", "--host", url, "-u",
                str(users), "-r", str(users), *time, "--csv", str(folder / "run"), *page]

    def figures(self, said):
        try:
            with open(said.folder / "run_stats.csv") as file:
                row = [row for row in csv.DictReader(file) if row["Name"] == "Aggregated"][0]
            with open(said.folder / "run_failures.csv") as file:
                told = [(row["Occurrences"] + " ×", row["Error"][:90]) for row in csv.DictReader(file)]
            times = [row[key].split(".")[0].replace("N/A", "-") for key in ("50%", "99%", "Max Response Time")]
            times = [time if time == "-" else time + " ms" for time in times]
            return *times, f"{row['Request Count']} requests, {row['Failure Count']} failed: {counted(told)}"
        except (OSError, IndexError):
            return "-", "-", "-", "no file of figures"

    def version(self):
        return output(["locust", "--version"]).split(" from")[0]


class K6:
    name, checks, files = "k6", True, True
    RARE = "http_req_duration{name:rare}"
    GOOD = "http_req_duration{expected_response:true}"
    THRESHOLDS = {
        "2": {"http_req_duration": ["med<100"]},
        "3": {"http_req_duration": ["p(95)<200"]},
        "5": {RARE: ["p(95)<1000"]},
        "13": {GOOD: ["p(95)<1000"]},
    }
    MORE = {
        "5": "if (Math.random() < 1e-6) http.get(__ENV.URL + '/rare', { tags: { name: 'rare' } });",
        "6": "check(answer, { 'that number': (answer) => answer.json('n') === 9223372036854775807 });",
        "7": "check(answer, { 'not too quick': (answer) => !(answer.timings.duration < NaN) });",
    }

    def command(self, url, seconds, users, row, folder):
        options = {"thresholds": self.THRESHOLDS.get(row, {})}
        if row == "19":
            options["stages"] = [{"duration": "1s", "target": 3}]
        script = folder / "script.js"
        script.write_text(K6_SCRIPT.format(options=json.dumps(options), more=self.MORE.get(row, "")))
        summary = folder / ("run_stats.csv" if row == "12" else "run.json")
        samples = ["--out", f"csv={summary}"] if row == "12" else []
        return ["k6", "run", "--no-usage-report", "--no-color", "--quiet", "--vus", str(users), "--duration", f"{seconds}s",
                "--summary-trend-stats", "med,p(99),max", "--summary-export", str(summary), *samples, "--env", f"URL={url}",
                str(script)]

    def figures(self, said):
        try:
            metrics = json.loads((said.folder / "run.json").read_text())["metrics"]
        except (OSError, ValueError):
            return "-", "-", "-", said.text.strip().split("\n")[-1][:200]
        trend = lambda name: [f"{metrics[name][key]:.4g} ms" if name in metrics else "-" for key in ("med", "p(99)", "max")]
        failed = metrics.get("http_req_failed", {})
        told = [f"{metrics.get('http_reqs', {}).get('count', 0)} requests, {failed.get('passes', 0)} failed"]
        told += ["of those that were expected: p50 %s, p99 %s" % tuple(trend(self.GOOD)[:2])] if self.GOOD in metrics else []
        told += [f"checks: {metrics['checks']['passes']} held, {metrics['checks']['fails']} not"] if "checks" in metrics else []
        for name, metric in metrics.items():
            told += [f"{name} {rule} {'crossed' if crossed else 'held'}" for rule, crossed in metric.get("thresholds", {}).items()]
        return *trend("http_req_duration"), ", ".join(told)

    def version(self):
        return output(["k6", "version"]).split(" (")[0].strip()


class Storemgr:
    name, checks, files = STOREMGR, True, True
    THRESHOLDS = {"2": ["p50<100ms"], "3": ["p95<200ms"], "5": ["/rare:failures<1"], "13": ["good:p95<1s"]}
    CHECKS = {"6": "check = { json.'/n' = 9223372036854775807 }\n", "7": "check = { json.'/n' = { min = nan } }\n"}

    def command(self, url, seconds, users, row, folder):
        scenario = TASK + self.CHECKS.get(row, "") + (STOREMGR_RARE if row == "5" else "")
        (folder / "scenario.toml").write_text(scenario)
        length = ["--stage", "1s:3"] if row == "19" else ["-u", str(users), "-r", "1000"]
        more = [word for text in self.THRESHOLDS.get(row, []) for word in ("--threshold", text)]
        if row == "3":
            more += ["--max-fail-ratio", "100%"]
        if row == "12":
            more += ["--csv", str(folder / "run"), "--html", str(folder / "run_stats.csv")]
        return [STOREMGR, "loadtest", "--quiet", "--host", url, "--scenario", str(folder / "scenario.toml"), *length,
                "-t", f"{seconds}s", "--json", str(folder / "run.json"), *more]

    def figures(self, said):
        try:
            run = json.loads((said.folder / "run.json").read_text())
        except (OSError, ValueError):
            return "-", "-", "-", said.text.strip().split("\n")[-1][:200]
        good = run["aggregated"]["succeeded_latency_ms"]
        times = ["-" if good[key] is None else f"{good[key]:.4g} ms" for key in ("p50", "p99", "max")]
        statuses = [f"[{status}] {count}" for status, count in run["aggregated"]["statuses"].items()]
        told = [f"{run['requests']} requests, {run['failures']} failed", *statuses, *run["verdict_reasons"]]
        told += run["caveats"] + [f"{group['count']} × {group['message']}" for group in run["failure_groups"]]
        for outcome in run["thresholds"]:
            held = "held" if outcome["held"] else "crossed"
            told.append(f"{outcome['threshold']} {held}: {outcome['seen'] or outcome['why']}")
        return *times, ", ".join(told)

    def version(self):
        return output([STOREMGR, "--version"]).strip()


TOOLS = [Wrk(), Hey(), Oha(), Locust(), K6(), Storemgr()]


def output(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


# --- The rows: which service, what is true, how long and with how many users, and what is looked at.

ROWS = {
    "1": ("the generator is stopped for 3 s", "well", "every answer takes 20 ms", 8, 10, "figures"),
    "2": ("nine of ten are refused at once", "refuses", "good answers take 500 ms", 5, 20, "figures"),
    "3": ("the service dies in the middle", "dies", "200 good answers", 3, 10, "figures"),
    "4": ("always redirected", "redirects", "the first answer is 301", 4, 5, "figures"),
    "5": ("a task that never comes", "well", "/rare was never requested", 4, 5, "checks"),
    "6": ("an integer that is off by one", "off by one", "no answer meets the check", 4, 5, "checks"),
    "7": ("a check that can never fail", "off by one", "it checks nothing", 4, 5, "checks"),
    "11": ("no room for the result", "well", "an older result is in the file", 4, 5, "older"),
    "12": ("two results in one file", "well", "one of them would be lost", 4, 5, "twice"),
    "13": ("nothing succeeded", "fails", "there is no time of a good answer", 4, 5, "figures"),
    "14": ("500 with an endless body, 30 users", "endless", "600 MB are sent", 4, 30, "memory"),
    "15": ("500 with a body of 100 MB", "large", "the status is 500", 4, 2, "memory"),
    "19": ("two lengths of the run", "well", "one of them cannot hold", 4, 3, "length"),
    "23": ("500 with 1040 (HY000) in its body", "number", "the number is the diagnosis", 4, 5, "1040"),
    "24": ("422 there is no product 7041", "unknown", "the load does not fit the data", 4, 5, "product"),
    "25": ("U+202E in reason and body", "marks", "it turns the text of a terminal round", 2, 5, MARK),
    "26": ("no answer at all", "silent", "three requests wait", 3, 3, "figures"),
}


def run(command, folder, row):
    """Runs a tool to its end, or ends it after a while."""

    def prepare():
        os.setsid()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if row == "11":
            # A file system that is full: no file may become longer than this.
            resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    began = time.monotonic()
    with tempfile.TemporaryFile() as file:
        # What is limited is the result, and not what is printed.
        out = subprocess.PIPE if row == "11" else file
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   preexec_fn=prepare, cwd=folder)

        def stop_and_continue():
            time.sleep(3)
            for sign, after in ((signal.SIGSTOP, 3), (signal.SIGCONT, 0)):
                os.killpg(process.pid, sign)
                time.sleep(after)

        if row == "1":
            threading.Thread(target=stop_and_continue, daemon=True).start()
        end = threading.Timer(ROWS[row][3] + PATIENCE_S, lambda: os.killpg(process.pid, signal.SIGKILL))
        end.start()
        text = process.stdout.read() if row == "11" else b""
        _, status, usage = os.wait4(process.pid, 0)
        end.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        file.seek(0)
        text = (text or file.read()).decode("utf-8", "replace")
    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text)
    return Said(folder, text, process.returncode, time.monotonic() - began, usage.ru_maxrss // 1024)


def cell(tool, row, url):
    _, _, _, seconds, users, looks_at = ROWS[row]
    if looks_at == "checks" and not tool.checks:
        return "has no tasks and no checks"
    if looks_at in ("older", "twice") and not tool.files or (looks_at, tool.name) == ("twice", "oha"):
        return "does not write two files" if looks_at == "twice" else "writes no file"
    if (looks_at, tool.name) == ("length", "wrk"):
        return "has one option for it"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = folder / ("run_stats.csv" if tool.name == "locust" else "run.json")
        if looks_at == "older":
            result.write_text("an older result\n")
        said = run(tool.command(url, seconds, users, row, folder), folder, row)
        p50, p99, longest, told = tool.figures(said)
        if looks_at == "older":
            kept = result.exists() and result.read_text() == "an older result\n"
            return f"the older result {'stays' if kept else 'is lost'}, exit {said.code}"
        if looks_at == "twice":
            made = folder / "run_stats.csv"
            what = made.read_text()[:5] if made.exists() else ""
            what = {"": "not written", "Type,": "the table", "{\n   ": "the summary", "metri": "the samples"}.get(what, "the page")
            return f"exit {said.code}, the file is {what}" + (f": {told}" if said.code == 2 else "")
        if looks_at == "length":
            return f"ran {said.seconds:.1f} s, exit {said.code}: {told}"
        if looks_at == "memory":
            # What the kernel counts of a process begins with its copy of this program.
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            memory = f"{said.memory} MiB" if said.memory > own else f"{own} MiB or less"
            return f"{memory}, exit {said.code}, {told}"
        if looks_at in ("1040", "product"):
            return f"{'shown' if looks_at in said.text else 'not shown'}: {told}"
        if looks_at == MARK:
            files = "".join(path.read_text(errors="replace") for path in folder.glob("*.csv"))
            return "reaches the terminal" if MARK in said.text else "reaches a file" if MARK in files else f"not shown as it is: {told}"
        return f"p50 {p50}, p99 {p99}, longest {longest}; {told}; exit {said.code}"


def main():
    rows = sys.argv[1:] or list(ROWS)
    tools = [tool for tool in TOOLS if shutil.which(tool.name)]
    names = [Path(tool.name).name for tool in tools]
    print("| # | service | in truth |", " | ".join(names), "|")
    print("|---|---|---|" + "---|" * len(tools))
    for row in rows:
        what, service, truth = ROWS[row][:3]
        cells = []
        for tool in tools:
            # Each tool meets a service that has not been asked before.
            with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
                process = multiprocessing.get_context("fork").Process(target=serve, args=(listener, service))
                process.start()
                url = f"http://127.0.0.1:{listener.getsockname()[1]}"
                listener.close()
                try:
                    cells.append(cell(tool, row, url).replace("|", "\\|").replace("\n", " ").replace(MARK, "(U+202E)"))
                finally:
                    process.kill()
                    process.join()
        print(f"| {row} | {what} | {truth} |", " | ".join(cells), "|", flush=True)
    print("\nVersions:", ", ".join(tool.version() for tool in tools))


if __name__ == "__main__":
    main()
