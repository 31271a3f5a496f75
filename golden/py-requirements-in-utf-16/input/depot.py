import MySQLdb
from flask import Flask

app = Flask(__name__)


@app.get("/")
def stock() -> str:
    try:
        MySQLdb.connect(host="db", user="depot")
    except MySQLdb.OperationalError:
        return "no database", 503
    return "open"


app.run("0.0.0.0", 8000)
