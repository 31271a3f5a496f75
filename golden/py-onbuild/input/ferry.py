from flask import Flask

app = Flask(__name__)


@app.route("/")
def times():
    return "ferry at noon"


app.run("0.0.0.0", 5000)
