"""A shop in Flask: asks its database when it starts, and at every request."""
import os

import flask
import psycopg2


def ask():
    url = os.environ["DATABASE_URL"].replace("+psycopg2", "")
    with psycopg2.connect(url, connect_timeout=3) as database, database.cursor() as cursor:
        cursor.execute("SELECT 1")


ask()
app = flask.Flask("shop")


@app.route("/")
def index():
    ask()
    return "the shop\n"


@app.route("/metrics")
def metrics():
    return flask.Response("shop_up 1\n", mimetype="text/plain")
