import bottle
import yaml


@bottle.route("/")
def index():
    return f"C loader: {yaml.__with_libyaml__}"


bottle.run(host="0.0.0.0", port=8000)
