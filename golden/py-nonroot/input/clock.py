"""Tells the hour in words."""

import datetime
import getpass

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hour() -> str:
    return f"it is past {datetime.datetime(2024, 5, 1, 9, 30).strftime('%H')}, says somebody with a name: " + str(
        bool(getpass.getuser())
    )
