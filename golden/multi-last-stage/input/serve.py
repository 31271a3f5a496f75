from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return app.send_static_file("index.html")


app.run("0.0.0.0", 8000)
