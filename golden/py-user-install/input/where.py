import bottle

app = bottle.Bottle()


@app.get("/")
def where():
    return bottle.__file__
