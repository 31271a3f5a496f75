import flask, requests, six
print(flask.Flask("x"), six.__version__)
