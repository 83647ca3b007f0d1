"""A store as a student may write it: the three routes of the lab, with the original's defect, on the standard library alone.

Every request takes a connection of a limited number and leaves it behind for a while, as an ORM engine that is made anew for
each request does. Prints its port, and serves until its standard input ends.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONNECTIONS = 100
LINGER_SECONDS = 30.0

lock = threading.Lock()
left_open: list[float] = []
orders = 0


def connect() -> bool:
    """Takes a connection, unless all are taken by requests that have ended."""
    now = time.monotonic()
    with lock:
        left_open[:] = [since for since in left_open if now - since < LINGER_SECONDS]
        if len(left_open) >= CONNECTIONS:
            return False
        left_open.append(now)
        return True


class Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.split("?")[0] in ("/orders/reports/best-sellers", "/orders/reports/highest-spenders"):
            self.serve(200, [])
        else:
            self.answer(404, {"error": "no such route"})

    def do_POST(self) -> None:
        global orders
        self.rfile.read(int(self.headers.get("content-length", 0)))
        with lock:
            orders += 1
        self.serve(201, {"order_id": orders, "total_amount": 1.0})

    def serve(self, status: int, content: object) -> None:
        if connect():
            self.answer(status, content)
        else:
            self.answer(500, {"error": "(1040, 'Too many connections')"})

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


server = Server(("127.0.0.1", 0), Store)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
