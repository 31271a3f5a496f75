import flask

app = flask.Flask(__name__, static_folder="htmlcov")
app.run("0.0.0.0")
