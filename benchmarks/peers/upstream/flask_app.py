"""The smallest Flask app with the distribution fastly-compute."""

from flask import Flask

from fastly_compute.wsgi import WsgiHttpIncoming

app = Flask(__name__)


@app.get("/")
def hello():
    return "hello"


HttpIncoming = WsgiHttpIncoming(app)
