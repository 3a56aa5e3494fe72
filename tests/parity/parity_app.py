"""What a guest sees of its host, one scenario after the other: the same code on every host.

A request for ``/NAME`` runs the scenario NAME and answers with what it returned, as JSON.
"""

import json
import sys
from uuid import uuid4

import caches
from componentize_py_types import Err
from wit_world.imports import (
    acl,
    async_io,
    backend,
    cache,
    compute_runtime,
    config_store,
    device_detection,
    dictionary,
    erl,
    geo,
    http_body,
    http_cache,
    http_downstream,
    http_req,
    http_resp,
    http_types,
    kv_store,
    log,
    purge,
    secret_store,
    security,
    shielding,
    types,
)

LARGE = 1 << 20


def error_of(call, *arguments):
    """What a call fails with, as text."""
    try:
        call(*arguments)
    except Err as err:
        return repr(err.value)
    return "no error"


def open_errors(_request, _body):
    return [
        error_of(backend.Backend.open, "nowhere"),
        error_of(secret_store.Store.open, "nowhere"),
        error_of(config_store.Store.open, "nowhere"),
        error_of(log.Endpoint.open, "stdout"),
    ]


def secrets(_request, _body):
    store = secret_store.Store.open("vault")
    secret = store.get("token")
    own = secret_store.Secret.from_bytes(b"mine")
    return [
        secret.plaintext(LARGE).decode(),
        own.plaintext(LARGE).decode(),
        store.get("missing") is None,
        error_of(secret.plaintext, 1).partition("(")[0],
    ]


def config(_request, _body):
    store = config_store.Store.open("settings")
    return [store.get("greeting", LARGE), store.get("missing", LARGE)]


def static_backend(_request, _body):
    origin = backend.Backend.open("origin")
    return [
        origin.get_name(),
        origin.is_dynamic(),
        origin.is_tls(),
        origin.is_healthy().name,
        origin.get_override_host(LARGE),
        origin.get_host(LARGE),
    ]


def backend_timeouts(_request, _body):
    origin = backend.Backend.open("origin")
    return [
        origin.get_connect_timeout_ms(),
        origin.get_first_byte_timeout_ms(),
        origin.get_between_bytes_timeout_ms(),
    ]


def dynamic_backend(_request, _body):
    options = backend.DynamicBackendOptions()
    options.override_host("example.com")
    options.first_byte_timeout(1234)
    made = backend.register_dynamic_backend("made", "127.0.0.1:1", options)
    again = backend.Backend.open("made")
    taken = error_of(
        backend.register_dynamic_backend, "made", "127.0.0.1:1", backend.DynamicBackendOptions()
    )
    return [
        made.get_name(),
        again.is_dynamic(),
        again.get_port(),
        again.get_override_host(LARGE).decode(),
        taken,
    ]


def dynamic_options(_request, _body):
    options = backend.DynamicBackendOptions()
    options.connect_timeout(1)
    options.first_byte_timeout(2)
    options.between_bytes_timeout(3)
    options.use_tls(True)
    options.tls_min_version(0x0303)
    options.tls_max_version(0x0304)
    options.cert_hostname("example.com")
    options.sni_hostname("example.com")
    options.tls_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    options.http_keepalive_time_ms(4)
    options.tcp_keepalive_enable(1)
    options.tcp_keepalive_interval_secs(5)
    options.tcp_keepalive_probes(6)
    options.tcp_keepalive_time_secs(7)
    options.max_connections(8)
    options.max_use(9)
    options.max_lifetime_ms(10)
    options.pooling(False)
    options.grpc(False)
    options.prefer_ipv6(True)
    made = backend.register_dynamic_backend("all", "127.0.0.1:2", options)
    return [
        made.get_connect_timeout_ms(),
        made.get_first_byte_timeout_ms(),
        made.get_between_bytes_timeout_ms(),
        made.is_tls(),
        made.get_tls_min_version(),
        made.get_tls_max_version(),
        made.get_http_keepalive_time(),
        made.get_tcp_keepalive_enable(),
        made.get_tcp_keepalive_interval(),
        made.get_tcp_keepalive_probes(),
        made.get_tcp_keepalive_time(),
    ]


def health_check(_request, _body):
    options = backend.HealthcheckOptions.new("example.com")
    options.path("/alive")
    options.window(10)
    options.threshold(7)
    wrong = [
        error_of(options.threshold, 11),
        error_of(options.window, 2),
        error_of(options.interval_ms, 999),
        error_of(backend.HealthcheckOptions.new, ""),
    ]
    with_check = backend.DynamicBackendOptions()
    with_check.healthcheck(options)
    backend.register_dynamic_backend("checked", "127.0.0.1:3", with_check)
    return wrong


def fields(_request, _body):
    message = http_req.Request.new()
    message.append_header("X-One", b"1")
    message.append_header("x-one", b"2")
    message.insert_header("X-Two", b"3")
    message.set_header_values("x-three", b"4\0" + b"5\0")
    message.remove_header("x-two")
    names, following = message.get_header_names(LARGE, 0)
    return [
        sorted(names.split("\0")[:-1]),
        following,
        message.get_header_value("X-ONE", LARGE).decode(),
        message.get_header_values("x-one", LARGE, 0)[0].decode(),
        message.get_header_values("x-three", LARGE, 0)[0].decode(),
        message.get_header_value("missing", LARGE),
        error_of(message.remove_header, "missing"),
        error_of(message.insert_header, "bad name", b""),
        error_of(message.insert_header, "x", b"a\nb"),
        error_of(message.get_header_value, "x-one", 0),
    ]


def field_cursor(_request, _body):
    message = http_resp.Response.new()
    for letter in "abc":
        message.append_header("x-list", letter.encode() * 4)
    part, following = message.get_header_values("x-list", 10, 0)
    rest, end = message.get_header_values("x-list", 10, following)
    return [part.decode(), following, rest.decode(), end]


def messages(_request, _body):
    request = http_req.Request.new()
    before = [request.get_method(LARGE), request.get_uri(LARGE), request.get_version().name]
    request.set_method("PUT")
    request.set_uri("https://example.com/a?b=c")
    request.set_version(http_types.HttpVersion.HTTP10)
    request.set_framing_headers_mode(http_types.FramingHeadersMode.AUTOMATIC)
    request.set_cache_override(http_req.CacheOverride_Pass())
    request.set_cache_override(
        http_req.CacheOverride_Override(
            http_req.CacheOverrideDetails(
                ttl=1, stale_while_revalidate=None, pci=False, surrogate_key="key", extra=None
            )
        )
    )
    after = [request.get_method(LARGE), request.get_uri(LARGE), request.get_version().name]
    response = http_resp.Response.new()
    response.set_status(404)
    return [
        before,
        after,
        response.get_status(),
        error_of(response.set_status, 99),
        error_of(request.set_auto_decompress_response, http_types.ContentEncodings.BR),
        response.get_remote_port(),
    ]


def bodies(_request, _body):
    first, second = http_body.new(), http_body.new()
    http_body.write(first, b"world")
    http_body.write_front(first, b"hello ")
    http_body.write(second, b"!")
    http_body.append(first, second)
    length = http_body.get_known_length(first)
    early = error_of(http_body.get_trailer_names, first, LARGE, 0)
    parts = [http_body.read(first, 4).decode()]
    while part := http_body.read(first, LARGE):
        parts.append(part.decode())
    return [length, parts[0], "".join(parts), http_body.read(first, LARGE).decode(), early]


def large_body(_request, _body):
    content = bytes(range(256)) * 4096
    body = http_body.new()
    written = 0
    while written < len(content):
        written += http_body.write(body, content[written:])
    read = b""
    while part := http_body.read(body, 100_000):
        read += part
    return read == content


def echo(request, body):
    content = b""
    while part := http_body.read(body, LARGE):
        content += part
    return [
        request.get_method(LARGE),
        request.get_uri(LARGE).partition("/echo")[2],
        request.get_header_value("x-sent", LARGE).decode(),
        content.decode(),
    ]


def send(_request, _body):
    origin = backend.Backend.open("origin")
    request = http_req.Request.new()
    request.set_method("POST")
    request.set_uri("http://example.com/echo?x=1")
    request.append_header("x-sent", b"1")
    request.append_header("x-sent", b"2")
    body = http_body.new()
    http_body.write(body, b"over")
    response, answer = http_req.send(request, body, origin)
    content = b""
    while part := http_body.read(answer, LARGE):
        content += part
    return [
        response.get_status(),
        response.get_header_value("x-origin", LARGE).decode(),
        json.loads(content),
        response.get_remote_port() is not None,
    ]


def send_gzip(_request, _body):
    origin = backend.Backend.open("origin")
    request = http_req.Request.new()
    request.set_uri("http://example.com/gzip")
    request.set_auto_decompress_response(http_types.ContentEncodings.GZIP)
    response, answer = http_req.send(request, http_body.new(), origin)
    content = b""
    while part := http_body.read(answer, LARGE):
        content += part
    return [
        content.decode(),
        response.get_header_value("content-encoding", LARGE),
        response.get_header_value("content-length", LARGE),
    ]


def refused(_request, _body):
    closed = backend.register_dynamic_backend(
        "closed", "127.0.0.1:1", backend.DynamicBackendOptions()
    )
    request = http_req.Request.new()
    request.set_uri("http://example.com/")
    try:
        http_req.send(request, http_body.new(), closed)
    except Err as err:
        return [repr(err.value.error), repr(err.value.detail)]
    return "no error"


def downstream(request, _body):
    return [
        type(http_downstream.downstream_client_ip_addr(request)).__name__,
        len(http_downstream.downstream_client_request_id(request, LARGE)) > 0,
        http_downstream.downstream_client_ddos_detected(request),
        http_downstream.downstream_tls_ja3_md5(request),
        http_downstream.downstream_tls_protocol(request, LARGE),
        http_downstream.downstream_client_ip_addr(http_req.Request.new()),
    ]


def waiting(_request, _body):
    ready = [async_io.Pollable.new_ready(), async_io.Pollable.new_ready()]
    return [
        async_io.select(ready),
        async_io.select_with_timeout(ready, 0),
        async_io.select_with_timeout([], 0),
        ready[0].is_ready(),
    ]


def dictionaries(_request, _body):
    opened = dictionary.Dictionary.open("settings")
    return [
        opened.lookup("greeting", LARGE),
        opened.lookup("missing", LARGE),
        error_of(opened.lookup, "greeting", 1),
        error_of(dictionary.Dictionary.open, "nowhere"),
    ]


def places(_request, _body):
    known = types.IpAddress_Ipv4((192, 0, 2, 1))
    loopback = types.IpAddress_Ipv6((0, 0, 0, 0, 0, 0, 0, 1))
    unknown = types.IpAddress_Ipv4((192, 0, 2, 2))
    return [
        json.loads(geo.lookup(known, LARGE)),
        json.loads(geo.lookup(loopback, LARGE)),
        geo.lookup(unknown, LARGE),
        error_of(geo.lookup, known, 1).partition("(")[0],
    ]


def devices(_request, _body):
    return [
        json.loads(device_detection.lookup("Agent/1.0", LARGE)),
        device_detection.lookup("Agent/1", LARGE),
        error_of(device_detection.lookup, "Agent/1.0", 1).partition("(")[0],
    ]


def access_lists(_request, _body):
    visitors = acl.Acl.open("visitors")
    found = [
        visitors.lookup(types.IpAddress_Ipv4((10, 1, 2, 3))),
        visitors.lookup(types.IpAddress_Ipv4((10, 2, 2, 3))),
        visitors.lookup(types.IpAddress_Ipv6((0x2001, 0xDB8, 0, 0, 0, 0, 0, 1))),
        visitors.lookup(types.IpAddress_Ipv4((192, 0, 2, 1))),
    ]
    return [
        [None if body is None else json.loads(http_body.read(body, LARGE)) for body in found],
        error_of(acl.Acl.open, "nowhere"),
    ]


def kv_body(content):
    body = http_body.new()
    http_body.write(body, content)
    return body


def kv_options(mode=kv_store.InsertMode.OVERWRITE, generation=None, metadata=None):
    return kv_store.InsertOptions(
        background_fetch=False,
        if_generation_match=generation,
        metadata=metadata,
        time_to_live_sec=60,
        mode=mode,
        extra=None,
    )


def kv_page(store, limit=None, prefix=None, cursor=None):
    options = kv_store.ListOptions(kv_store.ListMode.STRONG, cursor, limit, prefix, None)
    return json.loads(http_body.read(store.list(options), LARGE))


def kv_lookup(_request, _body):
    store = kv_store.Store.open("shelf")
    entry = store.lookup("seed")
    return [
        http_body.read(entry.take_body(), LARGE).decode(),
        entry.take_body() is None,
        error_of(entry.metadata, 1),
        entry.metadata(LARGE),
        entry.generation() > 0,
        store.lookup("missing") is None,
        error_of(kv_store.Store.open, "nowhere"),
    ]


def kv_metadata(_request, _body):
    entry = kv_store.Store.open("shelf").lookup("seed")
    return [entry.metadata(LARGE), entry.metadata(LARGE)]


def kv_insert(_request, _body):
    store = kv_store.Store.open("shelf")
    store.delete("modes")
    store.insert("modes", kv_body(b"b"), kv_options(kv_store.InsertMode.ADD, metadata="m"))
    first = store.lookup("modes")
    store.insert("modes", kv_body(b"c"), kv_options(kv_store.InsertMode.APPEND))
    store.insert("modes", kv_body(b"a"), kv_options(kv_store.InsertMode.PREPEND))
    last = store.lookup("modes")
    late = kv_options(generation=first.generation())
    return [
        first.metadata(LARGE),
        http_body.read(last.take_body(), LARGE).decode(),
        last.metadata(LARGE),
        last.generation() == first.generation(),
        error_of(store.insert, "modes", kv_body(b""), kv_options(kv_store.InsertMode.ADD)),
        error_of(store.insert, "modes", kv_body(b""), late),
        store.delete("modes"),
        store.delete("modes"),
    ]


def kv_list(_request, _body):
    store = kv_store.Store.open("shelf")
    for key in ("list/b", "list/c", "list/a"):
        store.insert(key, kv_body(b""), kv_options())
    first = kv_page(store, 2, "list/")
    second = kv_page(store, 2, "list/", first["meta"]["next_cursor"])
    wrong = kv_store.ListOptions(kv_store.ListMode.STRONG, "no base64!", None, None, None)
    return [first, second, error_of(store.list, wrong)]


def kv_keys(_request, _body):
    store = kv_store.Store.open("shelf")
    return [
        error_of(store.lookup, ".."),
        error_of(store.insert, "a#b", kv_body(b""), kv_options()),
        error_of(store.delete, ""),
        error_of(store.lookup_async, ".."),
        error_of(store.insert_async, "a#b", kv_body(b""), kv_options()),
        error_of(store.delete_async, ""),
    ]


def kv_count(_request, _body):
    store = kv_store.Store.open("shelf")
    store.insert("count", kv_body(b"x"), kv_options(kv_store.InsertMode.APPEND))
    return http_body.read(store.lookup("count").take_body(), LARGE).decode()


def kv_async(_request, _body):
    store = kv_store.Store.open("shelf")
    inserting = store.insert_async("later", kv_body(b"value"), kv_options())
    ready = async_io.select([inserting])
    kv_store.await_insert(inserting)
    found = kv_store.await_lookup(store.lookup_async("later"))
    options = kv_store.ListOptions(kv_store.ListMode.EVENTUAL, None, None, "later", None)
    listed = kv_store.await_list(store.list_async(options))
    again = store.insert_async("later", kv_body(b""), kv_options(kv_store.InsertMode.ADD))
    return [
        ready,
        http_body.read(found.take_body(), LARGE).decode(),
        json.loads(http_body.read(listed, LARGE))["data"],
        error_of(kv_store.await_insert, again),
        kv_store.await_delete(store.delete_async("later")),
        kv_store.await_lookup(store.lookup_async("later")) is None,
    ]


def rates(_request, _body):
    counter, box = erl.RateCounter.open("requests"), erl.PenaltyBox.open("box")
    counter.increment("one", 120)
    box.add("boxed", 60)
    return [
        counter.get_name(),
        box.get_name(),
        counter.check_rate("two", 10, 10, 1, box, 60),
        counter.check_rate("two", 1, 10, 1, box, 60),
        counter.lookup_count("one", 60) >= 120,
        counter.lookup_rate("one", 60) >= 2,
        [box.has("boxed"), box.has("two"), box.has("three")],
        error_of(counter.lookup_rate, "one", 2),
    ]


def firewall(request, body):
    options = security.InspectOptions("corp", "site", None, None)
    unnamed = security.InspectOptions(None, "site", None, None)
    return [
        json.loads(security.inspect(request, body, options, LARGE)),
        error_of(security.inspect, request, body, unnamed, LARGE),
        error_of(security.inspect, request, body, options, 1),
    ]


def shields(_request, _body):
    options = shielding.ShieldBackendOptions()
    options.set_first_byte_timeout(1000)
    options.set_cache_key("key")
    made = shielding.backend_for_shield("http://127.0.0.1:9091/", options)
    shielding.backend_for_shield("https://127.0.0.1:9092/", None)
    return [
        shielding.shield_info("here", LARGE),
        shielding.shield_info("there", LARGE),
        error_of(shielding.shield_info, "nowhere", LARGE),
        error_of(shielding.shield_info, "here", 1).partition("(")[0],
        made.get_name(),
        made.is_dynamic(),
        error_of(shielding.backend_for_shield, "http://127.0.0.1:9091/", None),
        error_of(shielding.backend_for_shield, "", None),
    ]


def fastly_key(request, _body):
    return http_downstream.fastly_key_is_valid(request)


def cache_writing(max_age=60, **chosen):
    options = {
        "request_headers": None,
        "vary_rule": None,
        "initial_age_ns": None,
        "stale_while_revalidate_ns": None,
        "surrogate_keys": None,
        "length": None,
        "user_metadata": None,
        "edge_max_age_ns": None,
        "sensitive_data": False,
        "extra": None,
    }
    return cache.WriteOptions(max_age_ns=max_age * 10**9, **{**options, **chosen})


def cache_asking(headers=None, ranged=False):
    return cache.LookupOptions(
        request_headers=headers, always_use_requested_range=ranged, extra=None
    )


def cache_part(first=None, last=None):
    return cache.GetBodyOptions(from_=first, to=last, extra=None)


def cache_fill(body, content):
    http_body.write(body, content)
    http_body.close(body)


def cache_content(entry, part=None):
    body, content = entry.get_body(part or cache_part()), b""
    while read := http_body.read(body, LARGE):
        content += read
    http_body.close(body)
    return content.decode()


def cache_state(entry):
    return sorted(flag.name for flag in entry.get_state())


def own_key(name):
    """A key of this sandbox's own: hosts keep what they cached before."""
    return name + compute_runtime.get_sandbox_id().encode()


def cache_insert(_request, _body):
    key, now = own_key(b"insert"), cache_asking()
    missing = cache.Entry.lookup(key, now)
    # Viceroy looks up in the background: what is inserted meanwhile would be found.
    absent = cache_state(missing)
    cache_fill(cache.insert(key, cache_writing(user_metadata=b"beside", length=7)), b"content")
    entry = cache.Entry.lookup(key, now)
    open_body = entry.get_body(cache_part())
    second = error_of(entry.get_body, cache_part())
    http_body.close(open_body)
    return [
        [absent, missing.get_length(), missing.get_age_ns()],
        [missing.get_max_age_ns(), error_of(missing.get_body, cache_part())],
        error_of(missing.get_user_metadata, LARGE),
        [cache_state(entry), entry.get_length(), entry.get_max_age_ns()],
        [entry.get_user_metadata(6).decode(), error_of(entry.get_user_metadata, 5)],
        0 <= entry.get_age_ns() < 30 * 10**9,
        [cache_content(entry), second],
        [cache_content(entry, cache_part(2, 4)), cache_content(entry, cache_part(None, 2))],
        [cache_content(entry, cache_part(7)), cache_content(entry, cache_part(4, 2))],
    ]


def cache_streaming(_request, _body):
    key = own_key(b"streaming")
    body = cache.insert(key, cache_writing())
    http_body.write(body, b"one")
    entry = cache.Entry.lookup(key, cache_asking(ranged=True))
    reader = entry.get_body(cache_part())
    first = http_body.read(reader, LARGE).decode()
    http_body.write(body, b"two")
    http_body.close(body)
    second = http_body.read(reader, LARGE).decode()
    # Viceroy takes a body in the background: its length is known once its end was read.
    assert http_body.read(reader, LARGE) == b""
    http_body.close(reader)
    return [
        [entry.get_length(), cache.Entry.lookup(key, cache_asking()).get_length()],
        [first, second],
        [cache_content(entry, cache_part(2, 3)), cache_content(entry, cache_part(None, 1))],
        cache_content(entry, cache_part(6)),
    ]


def cache_transaction(_request, _body):
    key, now = own_key(b"transaction"), cache_asking()
    first = cache.Entry.transaction_lookup(key, now)
    states = [cache_state(first)]
    first.transaction_cancel()
    second = cache.Entry.transaction_lookup(key, now)
    waiting = cache.Entry.transaction_lookup_async(key, now)
    states += [cache_state(first), cache_state(second), waiting.is_ready()]
    body, back = second.transaction_insert_and_stream_back(cache_writing())
    ready = async_io.select([waiting])
    cache_fill(body, b"content")
    third = cache.await_entry(waiting)
    states += [cache_state(second), cache_state(back), cache_state(third)]
    return [
        states,
        ready,
        [cache_content(back), cache_content(third)],
        error_of(first.transaction_cancel),
        error_of(second.transaction_insert, cache_writing()),
        error_of(third.transaction_update, cache_writing()),
        third.step() is None,
    ]


def cache_closing(_request, _body):
    key, now = own_key(b"closing"), cache_asking()
    first = cache.Entry.transaction_lookup(key, now)
    second = cache.Entry.transaction_lookup_async(key, now)
    third = cache.Entry.transaction_lookup_async(key, now)
    cache.close_pending_entry(second)
    cache.close_entry(first)
    return cache_state(cache.await_entry(third))


def cache_stale(_request, _body):
    key, now = own_key(b"stale"), cache_asking()
    old = cache_writing(
        1, initial_age_ns=2 * 10**9, stale_while_revalidate_ns=60 * 10**9, user_metadata=b"old"
    )
    cache_fill(cache.insert(key, old), b"content")
    plain = cache.Entry.lookup(key, now)
    first = cache.Entry.transaction_lookup(key, now)
    second = cache.Entry.transaction_lookup(key, now)
    before = [cache_state(entry) for entry in (plain, first, second)]
    first.transaction_update(cache_writing(user_metadata=b"new"))
    renewed = cache.Entry.transaction_lookup(key, now)
    return [
        before,
        [cache_state(first), first.get_user_metadata(LARGE).decode()],
        [cache_state(renewed), renewed.get_user_metadata(LARGE).decode(), cache_content(renewed)],
        renewed.get_age_ns() < 30 * 10**9,
    ]


def cache_expired(_request, _body):
    key = own_key(b"expired")
    cache_fill(cache.insert(key, cache_writing(1, initial_age_ns=10**9)), b"")
    entry = cache.Entry.transaction_lookup(key, cache_asking())
    return [
        cache_state(cache.Entry.lookup(key, cache_asking())),
        cache_state(entry),
        error_of(entry.transaction_update, cache_writing()),
        cache_state(entry),
    ]


def cache_vary(_request, _body):
    key = own_key(b"vary")
    english, danish = http_req.Request.new(), http_req.Request.new()
    english.append_header("Lang", b"en")
    danish.append_header("lang", b"da")
    for request, content in ((english, b"english"), (danish, b"danish")):
        options = cache_writing(request_headers=request, vary_rule="Lang accept")
        cache_fill(cache.insert(key, options), content)
    entries = [cache.Entry.lookup(key, cache_asking(request)) for request in (english, danish)]
    return [
        [cache_content(entry) for entry in entries],
        cache_state(cache.Entry.lookup(key, cache_asking())),
    ]


def cache_refused(_request, _body):
    now = cache_asking()
    entry = cache.Entry.transaction_lookup(own_key(b"refused"), now)
    with_headers = cache_writing(request_headers=http_req.Request.new())
    wrong = [
        {"edge_max_age_ns": 61 * 10**9},
        {"vary_rule": ""},
        {"vary_rule": "a  b"},
        {"surrogate_keys": "a" * 1025},
        {"surrogate_keys": "a " * 8193},
        {"surrogate_keys": "a\tb"},
    ]
    return [
        [error_of(cache.insert, b"k", cache_writing(**options)) for options in wrong],
        error_of(cache.insert, b"k" * 4097, cache_writing()),
        error_of(cache.Entry.lookup, b"k" * 4097, now),
        error_of(cache.Entry.transaction_lookup_async, b"k" * 4097, now),
        error_of(entry.transaction_insert, with_headers),
        error_of(entry.transaction_update, with_headers),
        cache_state(entry),
    ]


def cache_purge(_request, _body):
    soft, hard = purge.PurgeOptions(True, None), purge.PurgeOptions(False, None)
    key, tag = own_key(b"purge"), own_key(b"tag-").decode()
    cache_fill(cache.insert(key, cache_writing(surrogate_keys=f"other {tag}")), b"content")
    purge.purge_surrogate_key(tag + "x", hard)
    states = [cache_state(cache.Entry.lookup(key, cache_asking()))]
    for how in (soft, hard):
        purge.purge_surrogate_key(tag, how)
        states.append(cache_state(cache.Entry.lookup(key, cache_asking())))
    return [states, error_of(purge.purge_surrogate_key, "a b", hard)]


def cache_hits(_request, _body):
    key = own_key(b"hits")
    cache_fill(cache.insert(key, cache_writing(stale_while_revalidate_ns=7)), b"")
    entries = [cache.Entry.lookup(key, cache_asking()) for _ in range(2)]
    return [entries[0].get_stale_while_revalidate_ns(), *(entry.get_hits() for entry in entries)]


def cache_replace(_request, _body):
    key, strategies = own_key(b"replace"), cache.ReplaceStrategy
    options = [
        cache.ReplaceOptions(
            request_headers=None,
            replace_strategy=strategy,
            always_use_requested_range=False,
            extra=None,
        )
        for strategy in (None, strategies.IMMEDIATE_FORCE_MISS, strategies.WAIT)
    ]
    seen = []
    for number, chosen in enumerate(options):
        replacement = cache.ReplaceEntry.replace(key, chosen)
        body = replacement.get_body(cache_part())
        seen += [
            replacement.step() is None,
            None if body is None else http_body.read(body, LARGE).decode(),
            replacement.get_length(),
        ]
        cache_fill(cache.replace_insert(replacement, cache_writing()), str(number).encode())
    return [seen, cache_content(cache.Entry.lookup(key, cache_asking()))]


def purge_verbose(_request, _body):
    options = purge.PurgeOptions(False, None)
    answer = json.loads(purge.purge_surrogate_key_verbose("nothing", options, LARGE))
    return [answer["status"], sorted(answer)]


def to_origin(path, method="POST"):
    request = http_req.Request.new()
    request.set_method(method)
    request.set_uri(f"http://example.com{path}")
    return request, backend.Backend.open("origin")


def content_of(body):
    content = b""
    while part := http_body.read(body, LARGE):
        content += part
    return content


def closed_backend():
    return backend.register_dynamic_backend(
        "closed", "127.0.0.1:1", backend.DynamicBackendOptions()
    )


def send_async(_request, _body):
    pending = []
    for status in (201, 202):
        request, origin = to_origin(f"/status/{status}")
        pending.append(http_req.send_async(request, http_body.new(), origin))
    first = async_io.select(pending)
    timed = async_io.select_with_timeout([pending[1]], 10_000)
    responses = [http_req.await_response(one) for one in pending]
    bodies = [body for _, body in responses]
    ready = async_io.select(bodies)
    return [
        first in {0, 1},
        timed,
        [response.get_status() for response, _ in responses],
        ready in {0, 1},
        [content_of(body).decode() for body in bodies],
        async_io.select_with_timeout(bodies, 0),
    ]


def truncated(_request, _body):
    outcomes = []
    for waits in (False, True):
        request, origin = to_origin("/truncated")
        _, body = http_req.send(request, http_body.new(), origin)
        outcome = None
        while outcome is None:
            if waits:
                async_io.select([body])
            try:
                outcome = None if http_body.read(body, LARGE) else "the end"
            except Err as err:
                outcome = repr(err.value)
        outcomes.append(outcome)
    return outcomes


def send_async_errors(_request, _body):
    request, _ = to_origin("/")
    refused = http_req.send_async(request, http_body.new(), closed_backend())
    request, origin = to_origin("/")
    request.set_version(http_types.HttpVersion.H2)
    wrong = http_req.send_async(request, http_body.new(), origin)
    outcomes = []
    for pending in (refused, wrong):
        async_io.select([pending])
        try:
            http_req.await_response(pending)
        except Err as err:
            outcomes.append(repr(err.value.error))
    return outcomes


def send_streaming(_request, _body):
    request, origin = to_origin("/echo")
    body = http_body.new()
    http_body.write(body, b"one ")
    pending = http_req.send_async_streaming(request, body, origin)
    room = async_io.select([body])
    http_body.write(body, b"two ")
    other = http_body.new()
    http_body.write(other, b"three")
    http_body.append(body, other)
    refused = error_of(http_body.write_front, body, b"x")
    http_body.close(body)
    response, answered = http_req.await_response(pending)
    seen = json.loads(content_of(answered))
    return [response.get_status(), seen["method"], seen["body"], room, refused]


def early_next(_request, _body):
    options = http_downstream.NextRequestOptions(timeout_ms=1, extra=None)
    pending = http_downstream.next_request(options)
    return [
        error_of(http_downstream.next_request, options),
        error_of(http_downstream.await_request, pending),
        error_of(http_downstream.next_request, options),
    ]


def pending_changes(pending):
    kinds = http_resp.PendingResponseKind
    http_resp.insert_header_pending(pending, "x-origin", b"guest", kinds.RESPONSE)
    http_resp.append_header_pending(pending, "x-any", b"1", kinds.ANY)
    http_resp.append_header_pending(pending, "x-any", b"2", kinds.ANY)
    http_resp.insert_header_pending(pending, "x-error", b"yes", kinds.ERROR)
    http_resp.remove_header_pending(pending, "x-missing", kinds.ANY)
    http_resp.insert_header_pending(pending, "x-gone", b"soon", kinds.ANY)
    http_resp.remove_header_pending(pending, "x-gone", kinds.ANY)


def pass_on(path, target=None):
    request, origin = to_origin(path)
    pending = http_req.send_async(request, http_body.new(), target or origin)
    pending_changes(pending)
    http_resp.send_downstream_pending(pending)


def pass_on_while_writing():
    request, origin = to_origin("/echo")
    body = http_body.new()
    http_resp.send_downstream_pending(http_req.send_async_streaming(request, body, origin))
    http_body.write(body, b"written late")
    http_body.close(body)


def hints():
    response = http_resp.Response.new()
    response.set_status(103)
    response.insert_header("link", b"</a.css>; rel=preload")
    http_resp.send_downstream(response, http_body.new())
    answer(200, b"final")


def head_with_content(method):
    response = http_resp.Response.new()
    response.insert_header("x-method", method.encode())
    body = http_body.new()
    http_body.write(body, b"content")
    http_resp.send_downstream(response, body)


def reuse():
    """Serve two requests; the second fails where it asks to."""
    pending = http_downstream.next_request(
        http_downstream.NextRequestOptions(timeout_ms=None, extra=None)
    )
    served = [compute_runtime.get_sandbox_id()]
    sys.stderr.write(f"printed in {served[0]}\n")
    answer(200, json.dumps(served).encode())
    found = http_downstream.await_request(pending)
    if found is None:
        return
    request, body = found
    if request.get_uri(LARGE).endswith("boom"):
        raise LookupError("thrown at the second request")
    served.append(compute_runtime.get_sandbox_id())
    served.append(content_of(body).decode())
    answer(200, json.dumps(served).encode())


def reuse_streaming():
    """Go on with the first answer when the second request has come."""
    pending = http_downstream.next_request(
        http_downstream.NextRequestOptions(timeout_ms=None, extra=None)
    )
    body = stream()
    if http_downstream.await_request(pending) is not None:
        answer(200, b"second")
    http_body.write(body, b" three")
    http_body.close(body)


def handoff(request):
    try:
        request.redirect_to_grip_proxy(backend.Backend.open("origin"))
    except Err as err:
        answer(500, repr(err.value).encode())


SPECIAL = {
    "passes-on": lambda _: pass_on("/status/201"),
    "passes-on-failure": lambda _: pass_on("/", closed_backend()),
    "passes-on-while-writing": lambda _: pass_on_while_writing(),
    "hints": lambda _: hints(),
    "content": lambda request: head_with_content(request.get_method(LARGE)),
    "reuse": lambda _: reuse(),
    "reuse-streaming": lambda _: reuse_streaming(),
    "handoff": handoff,
}
"""What answers in its own way."""


def guest_cache(_request, _body):
    request = http_req.Request.new()
    request.set_uri(f"http://site.example/{uuid4()}")
    try:
        cacheable = http_cache.is_request_cacheable(request)
    except Err as err:
        return repr(err.value)
    options = http_cache.LookupOptions(override_key=None, backend=None, extra=None)
    entry = http_cache.Entry.transaction_lookup(request, options)
    obliged = cache.LookupState.MUST_INSERT_OR_UPDATE in entry.get_state()
    action, prepared = entry.prepare_response_for_storage(http_resp.Response.new())
    written = http_cache.WriteOptions(60 * 10**9, None, None, None, None, None, None, False, None)
    out, readable = entry.transaction_insert_and_stream_back(prepared, written)
    http_body.write(out, b"stored")
    http_body.close(out)
    response, body = readable.get_found_response(1)
    content = http_body.read(body, LARGE).decode()
    key = http_cache.get_suggested_cache_key(request, LARGE)
    return [cacheable, obliged, action.name, response.get_status(), content, len(key)]


def runtime(_request, _body):
    return [
        len(compute_runtime.get_sandbox_id()),
        compute_runtime.get_pop(),
        compute_runtime.get_is_staging(),
    ]


SCENARIOS = {
    function.__name__: function
    for function in (
        open_errors,
        secrets,
        config,
        static_backend,
        backend_timeouts,
        dynamic_backend,
        dynamic_options,
        health_check,
        fields,
        field_cursor,
        messages,
        bodies,
        large_body,
        echo,
        send,
        send_gzip,
        refused,
        downstream,
        waiting,
        dictionaries,
        places,
        devices,
        access_lists,
        kv_lookup,
        kv_metadata,
        kv_insert,
        kv_list,
        kv_keys,
        kv_count,
        kv_async,
        rates,
        firewall,
        shields,
        fastly_key,
        cache_insert,
        cache_streaming,
        cache_transaction,
        cache_closing,
        cache_stale,
        cache_expired,
        cache_vary,
        cache_refused,
        cache_purge,
        cache_hits,
        cache_replace,
        purge_verbose,
        *caches.SCENARIOS,
        send_async,
        truncated,
        send_async_errors,
        send_streaming,
        early_next,
        guest_cache,
        runtime,
    )
}


def answer(status, content):
    response = http_resp.Response.new()
    response.set_status(status)
    response.insert_header("content-type", b"application/json")
    body = http_body.new()
    http_body.write(body, content)
    http_resp.send_downstream(response, body)


def stream():
    response = http_resp.Response.new()
    body = http_body.new()
    http_resp.send_downstream_streaming(response, body)
    http_body.write(body, b"one ")
    http_body.write(body, b"two")
    return body


class HttpIncoming:
    """The entry point."""

    def handle(self, request, body):
        name = request.get_uri(LARGE).partition("//")[2].partition("/")[2].partition("?")[0]
        if name in SPECIAL:
            SPECIAL[name](request)
            return
        if name == "nothing":
            return
        if name == "fails":
            raise Err(None)
        if name == "raises":
            raise LookupError("thrown by the app")
        if name == "streams":
            http_body.close(stream())
            return
        if name == "breaks-off":
            stream()
            raise LookupError("thrown while streaming")
        if name == "twice":
            answer(200, b"first")
            answer(200, b"second")
            return
        try:
            answer(200, json.dumps(SCENARIOS[name](request, body)).encode())
        except Err as err:
            answer(500, repr(err.value).encode())
