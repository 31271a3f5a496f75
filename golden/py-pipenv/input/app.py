import bottle


@bottle.route("/")
def index():
    return "pipenv put me here"


bottle.run(host="0.0.0.0", port=8000)
