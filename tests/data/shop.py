"""A shop with a log-in, for load tests of journeys: it gives out tokens and cookies, refuses everything else, and counts.

    python3 tests/data/shop.py [PORT]

It prints its address, and runs until it is stopped. `GET /counts` tells what it has seen: how
often each thing was done, and how often something was refused. A visitor gets a cookie and a form with a secret; the
form, sent back with both, gives a session in a second cookie and leads to the account, which shows a token; an order
needs the session and its token; and it is paid after it was asked for three times. Only the standard library is needed.
"""

import collections
import itertools
import json
import secrets
import sys
from urllib.parse import parse_qs, urlsplit

sys.dont_write_bytecode = True
from plain_http import run  # noqa: E402

VISITORS = {}  # cookie -> secret of its form
SESSIONS = {}  # cookie -> (customer, token)
ORDERS = {}  # number -> [customer, how often its state was asked for]
NUMBERS = itertools.count(1)
COUNTS = collections.Counter()
PASSWORD = "correct horse"


class Refused(Exception):
    """A request that nobody who followed the rules would send."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status, self.why = status, why


def page(title, body, head=""):
    text = f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title>{head}</head><body>{body}</body></html>"
    return text.encode(), "text/html; charset=utf-8"


def cookies_of(headers):
    parts = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in parts if name}


def session_of(headers):
    session = SESSIONS.get(cookies_of(headers).get("session"))
    if session is None:
        raise Refused(403, "no session")
    return session


def customer_of(headers):
    """The customer whose session and token both are sent."""
    customer, token = session_of(headers)
    if headers.get("authorization") != f"Bearer {token}":
        raise Refused(401, "no token")
    return customer


def login_form(_path, _headers, _body):
    visitor, secret = secrets.token_hex(8), secrets.token_urlsafe(12)
    VISITORS[visitor] = secret
    form = (
        '<form method="post" action="/login">'
        f'<input type="hidden" name="csrf" value="{secret}">'
        '<input name="email"><input name="password" type="password"><button id="go">Log in</button></form>'
    )
    body, kind = page("Log in", form)
    return 200, body, kind, [f"set-cookie: visitor={visitor}; Path=/; HttpOnly"]


def login(_path, headers, body):
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    visitor = cookies_of(headers).get("visitor")
    # A secret is good for one log-in.
    if visitor is None or VISITORS.pop(visitor, None) != form.get("csrf"):
        raise Refused(403, "the form is not the one that was sent")
    if not form.get("email") or form.get("password") != PASSWORD:
        raise Refused(401, "wrong e-mail or password")
    session, token = secrets.token_hex(8), secrets.token_urlsafe(16)
    SESSIONS[session] = (form["email"], token)
    return 303, b"", "text/plain", [f"set-cookie: session={session}; Path=/; HttpOnly", "location: /account"]


def account(_path, headers, _body):
    customer, token = session_of(headers)
    script = (
        f"<p>{customer}</p><script>"
        "async function buy() {"
        f"const auth = {{authorization: 'Bearer {token}'}};"
        "const made = await fetch('/orders', {method: 'POST', headers: {...auth, 'content-type': 'application/json'},"
        "body: JSON.stringify({product: 7, quantity: 1})});"
        "const order = await made.json();"
        "await fetch('/orders/' + order.id, {headers: auth});"
        "document.title = 'done'; } buy();</script>"
    )
    return (200, *page("Account", script, f'<meta name="token" content="{token}">'), [])


def place(_path, headers, body):
    customer = customer_of(headers)
    order = json.loads(body)
    if not isinstance(order.get("product"), int) or not isinstance(order.get("quantity"), int):
        raise Refused(422, "product and quantity must be numbers")
    number = next(NUMBERS)
    ORDERS[number] = [customer, 0]
    answer = json.dumps({"id": number, "state": "open", "customer": customer}).encode()
    return 201, answer, "application/json", [f"location: /orders/{number}"]


def order(path, headers, _body):
    customer = customer_of(headers)
    number = int(path.rsplit("/", 1)[1])
    if ORDERS.get(number, [None])[0] != customer:
        raise Refused(404, "no such order of this customer")
    ORDERS[number][1] += 1
    state = "paid" if ORDERS[number][1] >= 3 else "open"
    return 200, json.dumps({"id": number, "state": state}).encode(), "application/json", []


def away(target, _headers, _body):
    """Leads to wherever its query says."""
    return 302, b"", "text/plain", [f"location: {target.split('to=', 1)[1]}"]


def counts(_path, _headers, _body):
    return 200, json.dumps(COUNTS).encode(), "application/json", []


ROUTES = {
    ("GET", "/login"): ("forms", login_form),
    ("POST", "/login"): ("logins", login),
    ("GET", "/account"): ("accounts", account),
    ("POST", "/orders"): ("orders", place),
    ("GET", "/orders/"): ("states", order),
    ("GET", "/away"): (None, away),
    ("GET", "/counts"): (None, counts),
}


def answer(method, target, headers, body):
    path = urlsplit(target).path
    COUNTS["with authorization"] += "authorization" in headers
    known = "/orders/" if path.startswith("/orders/") else path
    try:
        if (method, known) not in ROUTES:
            raise Refused(404, "no such page")
        name, handler = ROUTES[method, known]
        status, content, kind, more = handler(target if handler is away else path, headers, body)
        if name:
            COUNTS[name] += 1
    except (Refused, ValueError) as refused:
        # A browser asks for an icon by itself.
        COUNTS["refused" if path != "/favicon.ico" else "icons"] += 1
        status, why = getattr(refused, "status", 400), getattr(refused, "why", "malformed")
        content, kind, more = json.dumps({"error": why}).encode(), "application/json", []
    lines = [f"HTTP/1.1 {status} x", f"content-type: {kind}", f"content-length: {len(content)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


if __name__ == "__main__":
    run(answer, int(sys.argv[1]) if len(sys.argv) > 1 else 0)
