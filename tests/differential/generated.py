"""Cases made by chance, the same each time: many keywords at once, and sessions on their way."""

import io
from random import Random
from urllib.parse import urlencode

from cases import METHODS, add, located

WORDS = [
    "",
    "a",
    "b c",
    "\xe9",
    "\u20ac",
    "&=+",
    "%41",
    "%zz",
    "%2f",
    "/",
    "?",
    "~",
    "\u65e5\u672c",
]
WORDS += ["'\"", ";", "a:b", "@", "[x]", "{}", "*", "..", "1", "0"]
NAMES = ["a", "B", "c-d", "x_y", "Z9"]
SAFE = ["1", "two words", "x;y", "a=b", "q,r", '"quoted"']
REQUESTS = 120
WALKS = 60


def pairs(chance):
    return [(chance.choice(WORDS), chance.choice(WORDS)) for _ in range(chance.randrange(4))]


def form(chance):
    made = pairs(chance)
    return chance.choice(
        [dict(made), made, tuple(made), {"several": [v for _, v in made], "none": None, "n": 1.5}]
    )


def body(chance):
    """Keywords for one of the ways to send a body, or none."""
    word = chance.choice(WORDS) * chance.randrange(1, 4)
    return chance.choice(
        [
            {},
            {"data": form(chance)},
            {"data": word},
            {"data": word.encode()},
            {"data": io.BytesIO(b"file" + word.encode())},
            {"json": {"words": [word, None, 1.5], chance.choice(WORDS): form_of_json(chance)}},
            {"json": word, "data": form(chance)},
            {"files": {"f": (chance.choice(NAMES), word.encode(), "text/plain")}},
            {"files": [("f", word.encode()), ("f", b"2")], "data": dict(pairs(chance))},
        ]
    )


def form_of_json(chance):
    return chance.choice([[], {}, "text", True, -1, [[{"deep": None}]]])


def keywords(chance):
    """Keywords that say anything about a request."""
    made = body(chance)
    if chance.random() < 0.6:
        made["params"] = chance.choice([form(chance), urlencode(pairs(chance)), b"x=1"])
    if chance.random() < 0.6:
        made["headers"] = {
            chance.choice([f"X-{name}", f"x-{name.lower()}"]): chance.choice(SAFE)
            for name in chance.sample(NAMES, 2)
        } | chance.choice([{}, {"accept": None}, {"user-agent": "me"}, {"content-type": "x/y"}])
    if chance.random() < 0.4:
        made["cookies"] = {name: chance.choice(SAFE) for name in chance.sample(NAMES, 2)}
    if chance.random() < 0.3:
        made["auth"] = (chance.choice(NAMES), chance.choice(SAFE))
    return made


def path(chance):
    return "/seen/" + "/".join(chance.choice(WORDS) for _ in range(chance.randrange(3)))


for _number in range(REQUESTS):

    def _request(requests, base, other, number=_number):
        chance = Random(number)
        method = chance.choice([m for m in METHODS if m != "HEAD"])
        url = base + path(chance) + chance.choice(["", "?", "?a=b&c", "#f", "?q#f"])
        return requests.request(method, url, **keywords(chance))

    add(f"generated request {_number}", _request)


def cookie(chance):
    """One Set-Cookie header."""
    attributes = ["Path=/", "Secure", "HttpOnly", "Max-Age=0", "Max-Age=99", "Domain=127.0.0.1"]
    attributes += ["Path=/nowhere", "Expires=Wed, 09 Jun 2100 10:18:14 GMT", "SameSite=Lax"]
    chosen = chance.sample(attributes, chance.randrange(3))
    return "; ".join([f"{chance.choice(NAMES)}={chance.choice('1234')}", *chosen])


def step(chance, session, base, other):
    """Send one request of a session, which may be sent on several times."""
    method = chance.choice(["GET", "GET", "POST", "PUT"])
    given = keywords(chance)
    for name in ("auth", "cookies"):
        if chance.random() < 0.5:
            given.pop(name, None)
    given["allow_redirects"] = chance.random() < 0.9
    to = chance.choice([base, other]) + "/seen/end"
    for _ in range(chance.randrange(3)):
        at = chance.choice([base, base, other])
        to = at + located(to, chance.choice([301, 302, 303, 307, 308]))
        if chance.random() < 0.5:
            to += "&" + urlencode({"set-cookie": cookie(chance)})
    if chance.random() < 0.3:
        query = {"set-cookie": cookie(chance), "content-type": "text/plain", "status": 404}
        to = f"{base}/answer?{urlencode(query)}"
    given.pop("params", None)
    return session.request(method, to, **given)


for _number in range(WALKS):

    def _walk(requests, base, other, number=_number):
        chance = Random(1000 + number)
        session = requests.Session()
        session.headers["X-Session"] = "1"
        session.params = chance.choice([{}, {"s": "1"}, {"s": ["1", "2"]}])
        session.auth = chance.choice([None, None, ("user", "pass")])
        session.cookies.update(chance.choice([{}, {"own": "1"}]))
        found = [step(chance, session, base, other) for _ in range(4)]
        jar = sorted([c.name, c.value, c.domain, c.path, c.secure] for c in session.cookies)
        return [found, jar]

    add(f"generated session {_number}", _walk)
