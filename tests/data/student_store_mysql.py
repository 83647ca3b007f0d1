"""A store as a student may write it, on a real MySQL or MariaDB and Redis, with the faults of the original lab.

Each fault is repaired by an option of its own:

  --connections per-request   a connection made for each request, and left behind until it is collected (pool: a bounded pool)
  --lines per-line            a query for each line of an order (together: one statement for all lines)
  --invalidate walk           a walk over all keys of Redis for each order (named: the keys by their names)
  --processes 1               a single process under Python's lock (2 or more: as many processes on one socket)

Further faults, one for each other cause, are off where nothing is said:

  --report-wait SECONDS       a report takes the database so long
  --cache off|SECONDS         no copies of reports, or copies that end after so long and that everybody computes anew
  --call SECONDS              each request calls another service that takes so long
  --lock-order as-sent        rows are locked in the order of the order's lines, among few products

DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME and REDIS_PORT say where its database and its Redis are. Prints its port, and
serves until its standard input ends.
"""

import argparse
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pymysql

LINGER_SECONDS = 30.0
PRODUCTS = 200
SESSIONS = 3000

parser = argparse.ArgumentParser()
parser.add_argument("--connections", choices=("per-request", "pool"), default="per-request")
parser.add_argument("--pool-size", type=int, default=8)
parser.add_argument("--lines", choices=("per-line", "together"), default="per-line")
parser.add_argument("--invalidate", choices=("walk", "named"), default="walk")
parser.add_argument("--processes", type=int, default=1)
parser.add_argument("--report-wait", type=float, default=0.0)
parser.add_argument("--cache", default="on")
parser.add_argument("--call", type=float, default=0.0)
parser.add_argument("--lock-order", choices=("by-number", "as-sent"), default="by-number")
options = parser.parse_args()
if options.lock_order == "as-sent":
    PRODUCTS = 4


def connect() -> pymysql.Connection:
    return pymysql.connect(
        host=os.environ["DB_HOST"],
        port=int(os.environ["DB_PORT"]),
        user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        database=os.environ["DB_NAME"],
    )


class PerRequest:
    """What an engine made for each request does: its connection stays open until somebody collects it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.left: list[tuple[float, pymysql.Connection]] = []

    def take(self) -> pymysql.Connection:
        now = time.monotonic()
        with self.lock:
            old = [entry for entry in self.left if now - entry[0] >= LINGER_SECONDS]
            self.left = [entry for entry in self.left if now - entry[0] < LINGER_SECONDS]
        for _, connection in old:
            connection.close()
        return connect()

    def give_back(self, connection: pymysql.Connection) -> None:
        with self.lock:
            self.left.append((time.monotonic(), connection))


class Pool:
    """A bounded pool, made once."""

    def __init__(self, size: int) -> None:
        self.free: queue.Queue[pymysql.Connection | None] = queue.Queue()
        for _ in range(size):
            self.free.put(None)

    def take(self) -> pymysql.Connection:
        return self.free.get() or connect()

    def give_back(self, connection: pymysql.Connection) -> None:
        self.free.put(connection)


class Redis:
    """As much of Redis's protocol as is needed; a connection for each thread."""

    def __init__(self) -> None:
        self.local = threading.local()

    def ask(self, *words: str):
        if not hasattr(self.local, "file"):
            connection = socket.create_connection(("127.0.0.1", int(os.environ["REDIS_PORT"])))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.local.file = connection.makefile("rwb")
        file = self.local.file
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            encoded = word.encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(encoded), encoded))
        file.write(b"".join(parts))
        file.flush()
        return self.answer(file)

    def answer(self, file):
        line = file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"*":
            return [self.answer(file) for _ in range(int(rest))]
        if kind == b"$":
            length = int(rest)
            return None if length < 0 else file.read(length + 2)[:-2].decode()
        return rest.decode()


def set_up() -> None:
    """Makes the tables and fills them, and as many sessions of visitors in Redis."""
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS shop_products (id INT PRIMARY KEY, price INT, stock INT)")
        cursor.execute("CREATE TABLE IF NOT EXISTS shop_orders (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, total INT)")
        cursor.execute("CREATE TABLE IF NOT EXISTS shop_lines (order_id INT, product_id INT, quantity INT, KEY (order_id))")
        rows = [(number, 100 + number, 1_000_000) for number in range(1, PRODUCTS + 1)]
        cursor.executemany("INSERT IGNORE INTO shop_products VALUES (%s, %s, %s)", rows)
    connection.commit()
    connection.close()
    for number in range(SESSIONS):
        redis.ask("SET", f"session:{number}", "x")


redis = Redis()


def place_order(connection: pymysql.Connection, order: dict) -> dict:
    items = [(item["product_id"] % PRODUCTS + 1, item["quantity"]) for item in order["items"]]
    if options.lock_order == "by-number":
        items.sort()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop_orders (user_id, total) VALUES (%s, 0)", (order["user_id"],))
        number = cursor.lastrowid
        if options.lines == "per-line":
            total = 0
            for product, quantity in items:
                cursor.execute("SELECT price FROM shop_products WHERE id = %s", (product,))
                total += cursor.fetchone()[0] * quantity
                cursor.execute("INSERT INTO shop_lines VALUES (%s, %s, %s)", (number, product, quantity))
                cursor.execute("UPDATE shop_products SET stock = stock - %s WHERE id = %s", (quantity, product))
        else:
            cursor.execute("SELECT id, price FROM shop_products WHERE id IN %s", ([product for product, _ in items],))
            prices = dict(cursor.fetchall())
            total = sum(prices[product] * quantity for product, quantity in items)
            cursor.executemany("INSERT INTO shop_lines VALUES (%s, %s, %s)", [(number, *item) for item in items])
            sold = " ".join(f"WHEN {product} THEN {quantity}" for product, quantity in dict(items).items())
            cursor.execute(
                f"UPDATE shop_products SET stock = stock - CASE id {sold} END WHERE id IN %s",
                ([product for product, _ in items],),
            )
        cursor.execute("UPDATE shop_orders SET total = %s WHERE id = %s", (total, number))
    connection.commit()
    if options.invalidate == "walk":
        for key in redis.ask("KEYS", "*"):
            if key.startswith("report:"):
                redis.ask("DEL", key)
    else:
        redis.ask("DEL", "report:best-sellers", "report:highest-spenders")
    return {"order_id": number, "total_amount": total / 100}


def best_sellers(connection: pymysql.Connection) -> list:
    return report(connection, "best-sellers", "SELECT product_id, quantity FROM shop_lines ORDER BY order_id DESC LIMIT 10")


def highest_spenders(connection: pymysql.Connection) -> list:
    return report(connection, "highest-spenders", "SELECT user_id, total FROM shop_orders ORDER BY id DESC LIMIT 10")


def report(connection: pymysql.Connection, name: str, query: str) -> list:
    kept = None if options.cache == "off" else redis.ask("GET", f"report:{name}")
    if kept:
        return json.loads(kept)
    if options.report_wait > 0.0:
        # Stands for a report that takes the database long without taking its processor.
        query = f"SELECT waited.* FROM (SELECT SLEEP({options.report_wait})) AS pause, ({query}) AS waited"
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows = [list(row) for row in cursor.fetchall()]
    connection.commit()
    if options.cache == "on":
        redis.ask("SET", f"report:{name}", json.dumps(rows))
    elif options.cache != "off":
        redis.ask("SET", f"report:{name}", json.dumps(rows), "PX", str(int(1000 * float(options.cache))))
    return rows


class Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == "/orders/reports/best-sellers":
            self.serve(200, best_sellers)
        elif path == "/orders/reports/highest-spenders":
            self.serve(200, highest_spenders)
        else:
            self.answer(404, {"error": "no such route"})

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        self.serve(201, lambda connection: place_order(connection, order))

    def serve(self, status: int, work) -> None:
        try:
            connection = connections.take()
        except pymysql.Error as error:
            self.answer(500, {"error": str(error)})
            return
        try:
            if options.call > 0.0:
                time.sleep(options.call)
            self.answer(status, work(connection))
        except pymysql.Error as error:
            connection.rollback()
            self.answer(500, {"error": str(error)})
        finally:
            connections.give_back(connection)

    def answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: a line for every request would be the slowest part."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


set_up()
redis = Redis()
server = Server(("127.0.0.1", 0), Store)
children = []
for _ in range(options.processes - 1):
    child = os.fork()
    if child == 0:
        children = []
        break
    children.append(child)
connections = PerRequest() if options.connections == "per-request" else Pool(options.pool_size)
threading.Thread(target=server.serve_forever, daemon=True).start()
if children or options.processes == 1:
    print(server.server_address[1], flush=True)
sys.stdin.read()
for child in children:
    os.kill(child, signal.SIGTERM)
