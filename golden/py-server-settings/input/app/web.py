from flask import Flask

app = Flask(__name__)


@app.get("/")
def front() -> str:
    return "behind nginx"
