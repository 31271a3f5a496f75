import os

import psycopg2
import psycopg2.extensions
from flask import Flask

app = Flask(__name__)


@app.get("/libpq")
def libpq():
    version = psycopg2.extensions.libpq_version()
    return f"libpq {version // 10000}"


@app.get("/people")
def people():
    dsn = os.environ.get("DATABASE_URL", "host=127.0.0.1 dbname=people connect_timeout=1")
    try:
        with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute("select name from people")
            return {"people": [name for (name,) in cursor]}
    except psycopg2.OperationalError:
        return "no database", 503
