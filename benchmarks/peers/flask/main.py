"""The smallest Flask app, a new sandbox for each request."""

from flask import Flask

from fastly_compute.wsgi import WsgiHttpIncoming, warm_up

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "hello"


warm_up(app, "/")
HttpIncoming = WsgiHttpIncoming(app)
