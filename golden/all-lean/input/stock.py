import subprocess

from flask import Flask

app = Flask(__name__)


@app.get("/")
def stock():
    return subprocess.run(["psql", "--version"], capture_output=True, text=True).stdout
