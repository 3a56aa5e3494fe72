"""The stores, lists and lookups of a host under test."""

import json

import pytest
from componentize_py_types import Err
from wit_world.imports import (
    acl,
    backend,
    config_store,
    device_detection,
    dictionary,
    geo,
    http_body,
    http_downstream,
    http_resp,
    kv_store,
)
from wit_world.imports import secret_store as secrets
from wit_world.imports.kv_store import InsertMode, InsertOptions
from wit_world.imports.types import IpAddress_Ipv4

from fastly_compute.local import BackendConfig, Geolocation, Health, KvItem, NativeApp
from fastly_compute.testing import ComputeClient

LARGE = 1 << 16
HERE = IpAddress_Ipv4((192, 0, 2, 1))


def insert(store: str, key: str, value: bytes, *, ttl: int | None = None) -> None:
    body = http_body.new()
    http_body.write(body, value)
    options = InsertOptions(
        background_fetch=False,
        if_generation_match=None,
        metadata="of the app",
        time_to_live_sec=ttl,
        mode=InsertMode.OVERWRITE,
        extra=None,
    )
    kv_store.Store.open(store).insert(key, body, options)


def test_stores_hold_what_a_test_puts_into_them(compute_host) -> None:
    compute_host.secrets["vault"]["token"] = b"s3cret"
    compute_host.secrets["vault"]["key"] = b"k"
    compute_host.config_stores["settings"] = {"greeting": "hello", "currency": "EUR"}
    del compute_host.config_stores["settings"]["currency"]

    assert secrets.Store.open("vault").get("token").plaintext(LARGE) == b"s3cret"
    assert secrets.Store.open("vault").get("key").plaintext(LARGE) == b"k"
    settings = config_store.Store.open("settings")
    assert (settings.get("greeting", LARGE), settings.get("currency", LARGE)) == ("hello", None)
    assert dictionary.Dictionary.open("settings").lookup("greeting", LARGE) == "hello"


def test_a_value_of_the_wrong_type_is_refused_and_changes_nothing(compute_host) -> None:
    compute_host.secrets["vault"]["token"] = b"before"
    with pytest.raises(TypeError, match="vault: the value of 'token' must be bytes, not str"):
        compute_host.secrets["vault"]["token"] = "after"
    with pytest.raises(TypeError, match="shelf: the value of 'lamp' must be bytes or a KvItem"):
        compute_host.kv["shelf"]["lamp"] = "after"
    with pytest.raises(TypeError, match="must be a collection of keys, not one of them"):
        compute_host.fastly_keys = "key"

    assert compute_host.secrets["vault"]["token"] == b"before"
    assert dict(compute_host.kv["shelf"]) == {}


def test_what_a_guest_writes_to_a_kv_store_is_read_back(compute_host) -> None:
    compute_host.kv["shelf"]["lamp"] = b"7"
    compute_host.kv["shelf"]["desk"] = KvItem(data=b"90", metadata="euro")
    store = kv_store.Store.open("shelf")
    desk = store.lookup("desk")
    insert("shelf", "chair", b"20")
    store.delete("lamp")

    assert (http_body.read(desk.take_body(), LARGE), desk.metadata(LARGE)) == (b"90", "euro")
    assert dict(compute_host.kv["shelf"]) == {"chair": b"20", "desk": b"90"}
    assert compute_host.kv["shelf"].item("chair") == KvItem(data=b"20", metadata="of the app")
    assert "lamp" not in compute_host.kv["shelf"]
    with pytest.raises(KeyError):
        compute_host.kv["shelf"]["lamp"]


def test_a_kv_store_more_leaves_the_others_as_they_are(compute_host) -> None:
    compute_host.kv["shelf"] = {"lamp": b"7"}
    insert("shelf", "offer", b"5", ttl=60)
    opened = kv_store.Store.open("shelf")
    compute_host.kv["other"] = {"a": b"1"}

    assert list(compute_host.kv) == ["shelf", "other"]
    assert http_body.read(opened.lookup("lamp").take_body(), LARGE) == b"7"
    assert compute_host.kv["shelf"].item("offer").metadata == "of the app"
    compute_host.clock.advance(61)
    assert dict(compute_host.kv["shelf"]) == {"lamp": b"7"}
    del compute_host.kv["shelf"]["lamp"]
    assert len(compute_host.kv["shelf"]) == 0


def test_lists_and_lookups_are_set_in_a_line_each(compute_host) -> None:
    compute_host.acls["visitors"]["192.0.0.0/16"] = "ALLOW"
    compute_host.acls["visitors"]["192.0.2.0/24"] = "BLOCK"
    compute_host.geolocation["192.0.2.1"] = {"city": "Oslo"}
    compute_host.devices["Agent/1.0"] = {"device": {"is_tv": True}}

    found = acl.Acl.open("visitors").lookup(HERE)
    assert json.loads(http_body.read(found, LARGE)) == {"prefix": "192.0.2.0/24", "action": "BLOCK"}
    assert json.loads(geo.lookup(HERE, LARGE)) == {"city": "Oslo"}
    assert json.loads(device_detection.lookup("Agent/1.0", LARGE)) == {"device": {"is_tv": True}}
    assert dict(compute_host.acls["visitors"])["192.0.0.0/16"] == "ALLOW"
    del compute_host.geolocation["192.0.2.1"]
    assert geo.lookup(HERE, LARGE) == ""


def test_a_purge_key_is_valid_where_the_test_says_so(compute_host) -> None:
    class Check:
        def handle(self, request, body):
            valid = http_downstream.fastly_key_is_valid(request)
            response = http_resp.Response.new()
            response.set_status(204 if valid else 401)
            http_resp.send_downstream(response, http_body.new())

    compute_host.fastly_keys = {"a key"}
    client = ComputeClient(compute_host.host, NativeApp(Check))

    assert client.get("/", headers={"Fastly-Key": "a key"}).status == 204
    assert client.get("/", headers={"Fastly-Key": "another"}).status == 401
    assert set(compute_host.fastly_keys) == {"a key"}


def test_a_backends_health_is_set_alone_or_with_the_rest(compute_host) -> None:
    config = BackendConfig(url="https://origin.example/v1", health=Health.UNHEALTHY)
    compute_host.backend("origin", config)
    compute_host.backend("other", health=Health.HEALTHY)
    before = backend.Backend.open("origin").is_healthy()
    compute_host.backend("origin", health=Health.HEALTHY)

    assert before is backend.BackendHealth.UNHEALTHY
    assert backend.Backend.open("origin").is_healthy() is backend.BackendHealth.HEALTHY
    assert backend.Backend.open("origin").get_host(LARGE) == "origin.example"
    assert backend.Backend.open("other").is_healthy() is backend.BackendHealth.HEALTHY


def test_a_file_comes_beside_what_is_there(compute_host, tmp_path) -> None:
    path = tmp_path / "fastly.toml"
    path.write_text("""
[local_server]
fake_valid_fastly_keys = ["of the file"]
[local_server.backends.origin]
url = "https://origin.example"
[local_server.config_stores.settings]
format = "inline-toml"
contents = { greeting = "of the file" }
[[local_server.secret_stores.vault]]
key = "token"
data = "of the file"
[[local_server.kv_stores.shelf]]
key = "lamp"
data = "of the file"
metadata = "beside"
[local_server.geolocation]
use_default_loopback = false
format = "inline-toml"
addresses = { "192.0.2.1" = { city = "Oslo" } }
""")
    compute_host.config_stores["settings"]["greeting"] = "of the test"
    compute_host.config_stores["other"]["greeting"] = "of the test"
    compute_host.geolocation["192.0.2.2"] = {"city": "Bergen"}
    compute_host.fastly_keys = ["of the test"]
    compute_host.load(path)
    compute_host.backend("origin").get("/", text="hello")

    assert compute_host.config_stores["settings"]["greeting"] == "of the file"
    assert compute_host.config_stores["other"]["greeting"] == "of the test"
    assert compute_host.secrets["vault"]["token"] == b"of the file"
    assert compute_host.kv["shelf"].item("lamp") == KvItem(data=b"of the file", metadata="beside")
    assert set(compute_host.geolocation) == {"192.0.2.1", "192.0.2.2"}
    assert compute_host.host.config.geolocation.use_default_loopback is False
    assert set(compute_host.fastly_keys) == {"of the file", "of the test"}
    assert backend.Backend.open("origin").get_host(LARGE) == "origin.example"


def test_a_backend_of_a_file_has_no_replies_yet(compute_host, tmp_path) -> None:
    from wit_world.imports import http_req

    path = tmp_path / "fastly.toml"
    path.write_text('[local_server.backends.origin]\nurl = "https://origin.example"\n')
    compute_host.load(path)
    request = http_req.Request.new()
    request.set_uri("https://origin.example/")
    with pytest.raises(Err):
        http_req.send(request, http_body.new(), backend.Backend.open("origin"))

    assert "backend 'origin' has no replies registered" in compute_host.take_problems()[0]


def test_what_shows_stores_shows_no_value(compute_host) -> None:
    compute_host.kv["shelf"]["lamp"] = b"s3cret"
    compute_host.config_stores["settings"]["greeting"] = "s3cret"
    compute_host.geolocation["192.0.2.1"] = {"city": "s3cret"}
    shown = [
        repr(compute_host.kv["shelf"]),
        repr(compute_host.config_stores["settings"]),
        repr(compute_host.geolocation),
    ]

    assert shown == [
        "<KvStore 'shelf': lamp>",
        "<Store 'settings': greeting>",
        "<Lookups: 192.0.2.1>",
    ]
    assert isinstance(compute_host.host.config.geolocation, Geolocation)
