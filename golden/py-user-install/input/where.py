import bottle
import waitress

app = bottle.Bottle()


@app.get("/")
def where():
    return waitress.__file__
