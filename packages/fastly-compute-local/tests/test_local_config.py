import os
from pathlib import Path

import pytest
import trustme

from fastly_compute.local.config import (
    AclEntry,
    BackendConfigError,
    ConfigError,
    Geolocation,
    HostConfig,
    KvItem,
    ShieldingSite,
    load,
    parse,
)
from fastly_compute.local.config.backend import BackendConfig, Health

CA = trustme.CA()
CERT = CA.issue_cert("example.org")
CA_PEM = CA.cert_pem.bytes().decode()
CERT_PEM = CERT.cert_chain_pems[0].bytes().decode()
KEY_PEM = CERT.private_key_pem.bytes()


def start_of(text: str) -> str:
    """Shorten a test id to what is the same in every process: keys and certificates differ."""
    return text[:27]


def read(text: str, base: Path = Path("/nowhere")) -> HostConfig:
    return parse(text, base=base, source="fastly.toml")


def refusal(text: str, base: Path = Path("/nowhere")) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, base)
    message = str(caught.value)
    assert message.startswith("fastly.toml: ")
    assert "\n" not in message
    return message


def backend(lines: str) -> str:
    return f"[local_server.backends.origin]\n{lines}"


def read_backend(lines: str, base: Path = Path("/nowhere")) -> BackendConfig:
    return read(backend(lines), base).backends["origin"]


# The file


def test_a_file_without_local_server_is_empty():
    text = 'name = "app"\nservice_id = "x"\n[scripts]\nbuild = "make"\n[setup.backends.b]\n'

    assert read(text) == HostConfig()


def test_a_file_is_loaded_from_its_path(tmp_path):
    path = tmp_path / "viceroy.toml"
    path.write_text('[local_server.backends.origin]\nurl = "http://127.0.0.1:1"\n')

    assert load(path).backends["origin"].port == 1


def test_a_missing_file_is_one_line_with_its_name(tmp_path):
    path = tmp_path / "none.toml"

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert str(caught.value) == f"{path}: cannot be read: No such file or directory"


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    path = tmp_path / "fastly.toml"
    path.write_bytes(b'name = "a"\nauthor = "\xff"\n')

    with pytest.raises(ConfigError, match="line 2: not UTF-8"):
        load(path)


def test_broken_toml_is_refused_with_line_and_column():
    message = refusal('name = "a"\n[local_server\n')

    assert message.startswith("fastly.toml: line 2, column ")
    assert "not valid TOML" in message


def test_truncated_toml_is_refused_with_its_last_line():
    message = refusal('a = 1\nb = """x')

    assert message.startswith("fastly.toml: line 2, column ")
    assert "not valid TOML" in message


def test_local_server_must_be_a_table():
    assert refusal("local_server = 1") == "fastly.toml: local_server: must be a table"


def test_an_unknown_section_is_refused_with_the_known_ones():
    message = refusal("[local_server.secret_store]\n")

    assert message.startswith("fastly.toml: [local_server] secret_store: unknown key; known keys: ")
    assert "secret_stores" in message


# Backends


def test_a_plain_backend_has_a_connect_timeout_only_and_no_tls():
    config = read_backend('url = "http://example.org/v1/"')

    assert config == BackendConfig(
        url="http://example.org/v1/",
        first_byte_timeout_ms=None,
        between_bytes_timeout_ms=None,
    )
    assert config.connect_timeout_ms == 1000
    assert (config.host, config.port, config.use_tls, config.path_prefix) == (
        "example.org",
        80,
        False,
        "/v1",
    )


def test_every_backend_key_is_read():
    config = read_backend(
        f"""
        url = "https://example.org:8443"
        override_host = "www.example.org"
        cert_host = "cert.example.org"
        use_sni = true
        ca_certificate = '''{CA_PEM}'''
        client_certificate = {{ certificate = '''{CERT_PEM}''', key = '''{KEY_PEM.decode()}''' }}
        grpc = true
        first_byte_timeout_ms = 2000
        between_bytes_timeout_ms = 0
        health = "HEALTHY"
        """.replace("\n        ", "\n")
    )

    assert config == BackendConfig(
        url="https://example.org:8443",
        override_host="www.example.org",
        cert_hostname="cert.example.org",
        sni_hostname="cert.example.org",
        ca_certificate=CA_PEM,
        client_certificate=CERT_PEM,
        client_key=KEY_PEM,
        grpc=True,
        first_byte_timeout_ms=2000,
        between_bytes_timeout_ms=0,
        health=Health.HEALTHY,
    )


def test_the_certificate_name_and_sni_come_from_the_url():
    config = read_backend('url = "https://example.org:8443"')

    assert (config.cert_hostname, config.sni_hostname) == ("example.org", "example.org")


def test_use_sni_false_sends_no_name_but_checks_it():
    config = read_backend('url = "https://example.org"\nuse_sni = false')

    assert (config.cert_hostname, config.sni_hostname) == ("example.org", None)


def test_an_ip_address_is_checked_and_not_sent_as_sni():
    config = read_backend('url = "https://[::1]:8443"')

    assert (config.host, config.authority) == ("::1", "[::1]:8443")
    assert (config.cert_hostname, config.sni_hostname) == ("::1", None)


def test_ca_certificates_come_from_text_files_and_values(tmp_path):
    (tmp_path / "ca.pem").write_text(CA_PEM)
    other = trustme.CA().cert_pem.bytes().decode()

    config = read_backend(
        'url = "https://example.org"\n'
        f'ca_certificate = [{{ file = "ca.pem" }}, {{ value = """{other}""" }}]',
        tmp_path,
    )

    assert config.ca_certificate == f"{CA_PEM}\n{other}"


def test_a_client_certificate_comes_from_files(tmp_path):
    (tmp_path / "c.pem").write_text(CERT_PEM)
    (tmp_path / "k.pem").write_bytes(KEY_PEM)

    config = read_backend(
        'url = "https://example.org"\n'
        'client_certificate = { certificate_file = "c.pem", key_file = "k.pem" }',
        tmp_path,
    )

    assert (config.client_certificate, config.client_key) == (CERT_PEM, KEY_PEM)


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ("", "url: is missing"),
        ("url = 1", "url: must be a string, not an integer"),
        ('url = ""', "visible ASCII"),
        ('url = "example.org"', 'url = "example.org": must start with http:// or https://'),
        ('url = "ftp://example.org"', "must start with http:// or https://"),
        ('url = "http://"', "must name a host"),
        ('url = "http:///path"', "must name a host"),
        ('url = "http://a b"', "visible ASCII"),
        ('url = "http://a\\tb"', "visible ASCII"),
        ('url = "http://bücher.example"', "visible ASCII"),
        ('url = "http://a_host:99999"', "must be a URL"),
        ('url = "http://a:0"', "port from 1 to 65535"),
        ('url = "http://[::1"', "must be a URL"),
        (f'url = "http://{"a" * 64}.example"', "must name a host"),
        ('url = "http://h/p?q=1"', 'url = "http://h/p?***": must end with the path: no query'),
        ('url = "http://h/p#f"', "no query, no fragment"),
        ('override_host = ""', 'override_host = "": must be 1 to 1024 visible'),
        ('override_host = "a\\nb"', "must be 1 to 1024 visible"),
        ('override_host = "a b"', "must be 1 to 1024 visible"),
        ('cert_host = " "', 'cert_host = " ": must be a host name'),
        ('cert_host = "example.org:443"', "without a port"),
        ("use_sni = 1", "use_sni: must be true or false, not an integer"),
        ("grpc = 'yes'", "grpc: must be true or false, not a string"),
        ("first_byte_timeout_ms = -1", "first_byte_timeout_ms = -1: must be a whole number"),
        ("first_byte_timeout_ms = true", "must be an integer, not a boolean"),
        ("between_bytes_timeout_ms = 1.5", "must be an integer, not a float"),
        ("between_bytes_timeout_ms = 4294967296", "from 0 to 4294967295"),
        ('health = "sick"', "must be one of unknown, healthy, unhealthy"),
        ('ca_certificate = ""', "at least one certificate"),
        ("ca_certificate = []", "at least one certificate"),
        ("ca_certificate = 1", "ca_certificate: must be a table, not an integer"),
        ('ca_certificate = { file = "a", more = 1 }', "more: unknown key"),
        ('ca_certificate = { file = "a", value = "b" }', "exactly one of file, value"),
        (f"ca_certificate = '''{KEY_PEM.decode()}'''", "certificates only, not "),
        (f"ca_certificate = ['''{CA_PEM}''', 'junk']", "at least one certificate"),
        (
            "ca_certificate = '-----BEGIN CERTIFICATE-----*-----END CERTIFICATE-----'",
            "not base64",
        ),
        ("client_certificate = 'x'", "client_certificate: must be a table"),
        ("client_certificate = {}", "exactly one of certificate, certificate_file"),
        (f"client_certificate = {{ certificate = '''{CERT_PEM}''' }}", "exactly one of key"),
        ("client_certificate = { cert = 'x' }", "cert: unknown key"),
        ("prefer_ipv6 = true", "prefer_ipv6: unknown key; known keys: between_bytes_timeout_ms"),
    ],
    ids=start_of,
)
def test_a_bad_backend_is_refused_by_key_and_rule(lines, rule):
    url = "" if lines.startswith("url") or not lines else 'url = "https://example.org"\n'

    message = refusal(backend(url + lines))

    assert "[local_server.backends.origin" in message
    assert rule in message


@pytest.mark.parametrize(
    "key",
    [
        CERT_PEM,
        "no key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nc2Vjc*mV0\n-----END PRIVATE KEY-----",
    ],
    ids=start_of,
)
def test_an_invalid_client_key_is_refused_without_showing_it(key):
    message = refusal(
        backend(
            'url = "https://h"\n'
            f"client_certificate = {{ certificate = '''{CERT_PEM}''', key = '''{key}''' }}"
        )
    )

    assert "client_certificate: must" in message or "client_certificate: has" in message
    assert "c2Vjc" not in message


def test_a_password_in_a_url_is_refused_and_not_shown():
    message = refusal(backend('url = "http://me:hunter2@example.org/"'))

    assert "user name or password" in message
    assert "hunter2" not in message


def test_a_backend_name_with_dots_is_shown_in_quotes():
    message = refusal('[local_server.backends."a.b"]\nurl = "x"')

    assert '[local_server.backends."a.b"] url = "x"' in message


def test_a_backend_must_be_a_table():
    message = refusal('[local_server.backends]\norigin = "http://h"')

    assert "[local_server.backends] origin: must be a table, not a string" in message


# Files


def test_a_file_is_looked_up_next_to_the_configuration_first(tmp_path, monkeypatch):
    beside, here = tmp_path / "project", tmp_path / "here"
    for folder, value in ((beside, "beside"), (here, "here")):
        folder.mkdir()
        (folder / "s.json").write_text(f'{{"token": "{value}"}}')
    monkeypatch.chdir(here)

    local = read('[local_server.secret_stores]\ns = { file = "s.json", format = "json" }', beside)

    assert local.secret_stores["s"]["token"] == b"beside"


def test_a_file_is_looked_up_in_the_working_directory_next(tmp_path, monkeypatch):
    (tmp_path / "c.json").write_text('{"a": "b"}')
    monkeypatch.chdir(tmp_path)

    local = read('[local_server.config_stores.c]\nformat = "json"\nfile = "c.json"')

    assert local.config_stores["c"] == {"a": "b"}


def test_a_missing_file_is_refused_with_both_folders(tmp_path, monkeypatch):
    beside, here = tmp_path / "project", tmp_path / "here"
    beside.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)

    message = refusal('[local_server.config_stores.c]\nformat="json"\nfile="c.json"', beside)

    assert 'file = "c.json": no such file in ' in message
    assert str(beside) in message
    assert str(here) in message


def test_a_folder_instead_of_a_file_is_refused(tmp_path):
    message = refusal('[local_server.config_stores.c]\nformat="json"\nfile="."', tmp_path)

    assert 'file = ".": Is a directory' in message


# Config stores


@pytest.mark.parametrize("section", ["config_stores", "dictionaries"])
def test_a_config_store_is_read_inline(section):
    local = read(
        f'[local_server.{section}.cfg]\nformat = "inline-toml"\n'
        f'[local_server.{section}.cfg.contents]\ngreeting = "hi"\n"a b" = ""'
    )

    assert local.config_stores == {"cfg": {"greeting": "hi", "a b": ""}}


def test_both_names_of_config_stores_together_are_refused():
    message = refusal("[local_server.config_stores]\n[local_server.dictionaries]\n")

    assert "use only one" in message


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ("", "format: is missing"),
        ('format = "yaml"', 'format = "yaml": must be inline-toml or json'),
        ('format = "inline-toml"', "contents: is missing"),
        ('format = "inline-toml"\nfile = "x"', "file: unknown key"),
        ('format = "json"', "file: is missing"),
        ('format = "json"\ncontents = {}', "contents: unknown key"),
        ('format = "inline-toml"\ncontents = { a = 1 }', "a: must be a string, not an integer"),
        (
            f'format = "inline-toml"\ncontents = {{ {"k" * 257} = "v" }}',
            "has 257 characters; 1 to 256",
        ),
        (
            f'format = "inline-toml"\ncontents = {{ k = "{"v" * 8001}" }}',
            "a value of 8001 characters; 8000",
        ),
    ],
)
def test_a_bad_config_store_is_refused_by_key_and_rule(lines, rule):
    assert rule in refusal(f"[local_server.config_stores.cfg]\n{lines}")


def test_the_longest_config_key_and_value_are_accepted():
    key, value = "k" * 256, "v" * 8000

    local = read(
        f'[local_server.config_stores.cfg]\nformat = "inline-toml"\n'
        f'contents = {{ {key} = "{value}" }}'
    )

    assert local.config_stores["cfg"][key] == value


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"{", "not valid JSON at line 1, column 2"),
        (b"[]", "must hold one JSON object"),
        (b'{"a": 1}', 'the value of "a" in the file must be a string'),
        (b"\xff", "not UTF-8 (byte 0)"),
    ],
)
def test_a_bad_json_file_is_refused(tmp_path, data, rule):
    (tmp_path / "c.json").write_bytes(data)

    message = refusal('[local_server.config_stores.c]\nformat="json"\nfile="c.json"', tmp_path)

    assert '[local_server.config_stores.c] file = "c.json": ' in message
    assert rule in message


# Secret stores


def test_secrets_come_from_data_files_and_the_environment(tmp_path, monkeypatch):
    (tmp_path / "token").write_bytes(b"\x00\xff")
    monkeypatch.setenv("LOCAL_CONFIG_TOKEN", "from-env")

    local = read(
        '[[local_server.secret_stores.sec]]\nkey = "a"\ndata = "plain"\n'
        '[[local_server.secret_stores.sec]]\nkey = "b"\nfile = "token"\n'
        '[[local_server.secret_stores.sec]]\nkey = "c"\nenv = "LOCAL_CONFIG_TOKEN"\n',
        tmp_path,
    )

    assert local.secret_stores == {"sec": {"a": b"plain", "b": b"\x00\xff", "c": b"from-env"}}


def test_an_empty_secret_store_is_a_store():
    assert read("[local_server.secret_stores]\nsec = []").secret_stores == {"sec": {}}


def test_a_missing_environment_variable_is_refused(monkeypatch):
    monkeypatch.delenv("LOCAL_CONFIG_TOKEN", raising=False)

    message = refusal('[[local_server.secret_stores.s]]\nkey="a"\nenv="LOCAL_CONFIG_TOKEN"')

    assert 'env = "LOCAL_CONFIG_TOKEN": environment variable not set' in message


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('[[local_server.secret_stores.s]]\ndata = "HIDE"', "key: is missing"),
        ('[[local_server.secret_stores.s]]\nkey = "a"', "data, file, env; found none of them"),
        (
            '[[local_server.secret_stores.s]]\nkey = "a"\ndata = "HIDE"\nenv = "X"',
            "found data and env",
        ),
        ('[[local_server.secret_stores.s]]\nkey = "a"\ndata = ["HIDE"]', "data: must be a string"),
        ('[[local_server.secret_stores.s]]\nkey = "a"\nHIDDEN = "HIDE"', "HIDDEN: unknown key"),
        ('[local_server.secret_stores]\ns = "HIDE"', "s: must be a table, not a string"),
        ('[local_server.secret_stores]\ns = ["HIDE"]', "s: must be a table, not a string"),
        ('[[local_server.secret_stores.s]]\nkey = "a b"\ndata = "HIDE"', 'name "a b" must be 1'),
        ('[[local_server.secret_stores."s/t"]]\nkey = "a"\ndata = "HIDE"', 'name "s/t" must be'),
        (
            f'[[local_server.secret_stores.s]]\nkey = "{"k" * 256}"\ndata = "HIDE"',
            "must be 1 to 255",
        ),
        (
            f'[[local_server.secret_stores.s]]\nkey = "a"\ndata = "{"HIDE" * 16384}x"',
            "65537 bytes of data; 65536 are allowed",
        ),
        (
            '[[local_server.secret_stores.s]]\nkey = "a"\ndata = "HIDE"\n' * 2,
            'key = "a": duplicate secret',
        ),
        ('[local_server.secret_stores]\ns = { file = "x" }', "format: is missing"),
        ('[local_server.secret_stores]\ns = { file = "x", format = "toml" }', "must be json"),
        ('[local_server.secret_stores]\ns = { format = "json" }', "file: is missing"),
    ],
)
def test_a_bad_secret_store_is_refused_and_shows_no_secret(text, rule):
    message = refusal(text)

    assert rule in message
    assert "HIDE" not in message.replace("HIDDEN", "")


def test_a_broken_secret_file_is_refused_without_keeping_its_text(tmp_path):
    (tmp_path / "s.json").write_text('{"token": "HIDE", }')

    with pytest.raises(ConfigError, match="not valid JSON") as caught:
        read('[local_server.secret_stores]\ns = { file = "s.json", format = "json" }', tmp_path)

    assert caught.value.__cause__ is None
    assert "HIDE" not in str(caught.value)


def test_secrets_are_not_in_the_repr():
    local = HostConfig(
        backends={
            "b": BackendConfig(url="https://h", client_certificate=CERT_PEM, client_key=KEY_PEM)
        },
        secret_stores={"s": {"token": b"hide-me"}},
    )

    assert "hide-me" not in repr(local)
    assert "PRIVATE KEY" not in repr(local)
    assert "url='https://h'" in repr(local)


# Values


def test_a_configuration_keeps_copies():
    store = {"a": "b"}
    local = HostConfig(config_stores={"cfg": store})

    store["a"] = "changed"

    assert local.config_stores["cfg"]["a"] == "b"
    with pytest.raises(TypeError):
        local.config_stores["cfg"]["a"] = "changed"


def test_a_configuration_made_in_python_is_checked_too():
    with pytest.raises(ValueError, match=r"secret_stores\.s: the secret's name \"a b\""):
        HostConfig(secret_stores={"s": {"a b": b""}})
    with pytest.raises(ValueError, match="257 characters"):
        HostConfig(config_stores={"c": {"k" * 257: ""}})
    with pytest.raises(ValueError, match="backends: a name must not be empty"):
        HostConfig(backends={"": BackendConfig(url="http://h")})


def test_a_backend_has_the_defaults_of_the_platform():
    config = BackendConfig(url="HTTPS://Example.org")

    assert (config.host, config.port, config.use_tls) == ("example.org", 443, True)
    assert config.path_prefix == ""
    assert config.connect_timeout_ms == 1000
    assert config.first_byte_timeout_ms == 15000
    assert config.between_bytes_timeout_ms == 10000
    assert config.pooling


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"tls_min_version": 0x0300}, "tls_min_version"),
        ({"tls_max_version": 0x0305}, "tls_max_version"),
        ({"tls_min_version": 0x0304, "tls_max_version": 0x0303}, "tls_min_version"),
        ({"client_certificate": CERT_PEM}, "client_key"),
        ({"client_key": KEY_PEM}, "client_certificate"),
        ({"connect_timeout_ms": True}, "connect_timeout_ms"),
        ({"max_use": -1}, "max_use"),
        ({"pooling": 1}, "pooling"),
        ({"health": "healthy"}, "health"),
        ({"cert_hostname": ""}, "cert_hostname"),
        ({"sni_hostname": "a/b"}, "sni_hostname"),
        ({"override_host": "x" * 1025}, "override_host"),
    ],
)
def test_a_bad_backend_option_is_refused_by_field(options, field):
    with pytest.raises(BackendConfigError) as caught:
        BackendConfig(url="https://h", **options)

    assert caught.value.field == field
    assert str(caught.value).startswith(field)


def test_equal_backends_are_equal_and_hash_alike():
    one, other = BackendConfig(url="https://h"), BackendConfig(url="https://h")

    assert one == other
    assert len({one, other, BackendConfig(url="https://h", pooling=False)}) == 2


def test_an_environment_secret_keeps_bytes_that_are_not_utf8(monkeypatch):
    monkeypatch.setitem(os.environ, "LOCAL_CONFIG_RAW", os.fsdecode(b"\xff"))

    local = read('[[local_server.secret_stores.s]]\nkey = "a"\nenv = "LOCAL_CONFIG_RAW"')

    assert local.secret_stores["s"]["a"] == b"\xff"


# KV stores


def test_kv_items_come_from_data_and_files(tmp_path):
    (tmp_path / "value").write_bytes(b"\x00\xff")
    local = read(
        "[local_server.kv_stores]\nempty = []\n"
        '[[local_server.kv_stores.kv]]\nkey = "a"\ndata = "plain"\nmetadata = "beside"\n'
        '[[local_server.kv_stores.kv]]\nkey = "b"\nfile = "value"\n'
        '[[local_server.kv_stores.kv]]\nkey = "c"\npath = "value"\n',
        tmp_path,
    )

    assert local.kv_stores == {
        "empty": {},
        "kv": {
            "a": KvItem(data=b"plain", metadata="beside"),
            "b": KvItem(data=b"\x00\xff"),
            "c": KvItem(data=b"\x00\xff"),
        },
    }


def test_a_kv_store_can_be_a_json_file(tmp_path):
    (tmp_path / "value").write_bytes(b"\xff")
    (tmp_path / "kv.json").write_text(
        '{"a": "plain", "b": {"data": "x", "metadata": "m"}, "c": {"file": "value"}}'
    )
    local = read('[local_server.kv_stores]\nkv = {file = "kv.json", format = "json"}', tmp_path)

    assert local.kv_stores["kv"] == {
        "a": KvItem(data=b"plain"),
        "b": KvItem(data=b"x", metadata="m"),
        "c": KvItem(data=b"\xff"),
    }


@pytest.mark.parametrize("name", ["kv_stores", "object_store", "object_stores"])
def test_kv_stores_have_three_names(name):
    assert read(f"[local_server.{name}]\nkv = []").kv_stores == {"kv": {}}


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ("kv_stores", "object_store", "object_store: is the old name of kv_stores"),
        (
            "object_store",
            "object_stores",
            "object_stores: and object_store are old names of kv_stores",
        ),
    ],
)
def test_two_names_of_the_kv_stores_are_refused(first, second, rule):
    message = refusal(f"[local_server.{first}]\nkv = []\n[local_server.{second}]\nkv = []")

    assert rule in message
    assert message.endswith("use only one of them")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('[[local_server.kv_stores.s]]\ndata = "HIDE"', "key: is missing"),
        ('[[local_server.kv_stores.s]]\nkey = "a"', "data, file, path; found none of them"),
        (
            '[[local_server.kv_stores.s]]\nkey = "a"\ndata = "HIDE"\nfile = "x"',
            "found data and file",
        ),
        ('[[local_server.kv_stores.s]]\nkey = "a"\ndata = 1', "data: must be a string"),
        ('[[local_server.kv_stores.s]]\nkey = "a"\nHIDDEN = "HIDE"', "HIDDEN: unknown key"),
        (
            '[[local_server.kv_stores.s]]\nkey = "a"\ndata = "HIDE"\n' * 2,
            'key = "a": duplicate key',
        ),
        ('[local_server.kv_stores]\ns = "HIDE"', "s: must be a table, not a string"),
        ('[local_server.kv_stores]\ns = { file = "x" }', "format: is missing"),
        ('[local_server.kv_stores]\ns = { format = "json" }', "file: is missing"),
        ('[local_server.kv_stores]\ns = { file = "x", format = "toml" }', "must be json"),
        (f'[local_server.kv_stores]\n"{"n" * 256}" = []', "a name must have 1 to 255 characters"),
    ],
)
def test_a_bad_kv_store_is_refused(text, rule):
    message = refusal(text)

    assert rule in message
    assert "HIDE" not in message.replace("HIDDEN", "")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "k" * 1025,
        "é" * 513,
        ".well-known/acme-challenge/x",
        ".",
        "..",
        "../a",
        "a/./b",
        "a/..",
        "a\nb",
        "a#b",
        "a;b",
        "a?b",
        "a^b",
        "a|b",
        " ",
        "\uffff",
    ],
)
def test_a_key_that_the_platform_refuses_is_refused(key):
    with pytest.raises(ValueError, match=r"kv_stores\.kv: the key .* must "):
        HostConfig(kv_stores={"kv": {key: KvItem(data=b"")}})


@pytest.mark.parametrize("key", ["k" * 1024, "a.b/c..d", "a b", "é", ".hidden", "-"])
def test_a_key_that_the_platform_accepts_is_accepted(key):
    assert key in HostConfig(kv_stores={"kv": {key: KvItem(data=b"")}}).kv_stores["kv"]


def test_a_broken_json_item_is_refused_with_its_key(tmp_path):
    (tmp_path / "kv.json").write_text('{"a": null}')
    message = refusal(
        '[local_server.kv_stores]\nkv = {file = "kv.json", format = "json"}', tmp_path
    )

    assert message == ("fastly.toml: [local_server.kv_stores.kv.file] a: must be a table, not null")


def test_values_are_not_in_the_repr_of_kv_stores():
    text = repr(HostConfig(kv_stores={"kv": {"k": KvItem(data=b"hide-me")}}))

    assert "hide-me" not in text


# Access control lists


@pytest.mark.parametrize("value", ['"acl.json"', '{ file = "acl.json" }'])
def test_a_list_is_read_from_the_json_of_the_api(tmp_path, value):
    (tmp_path / "acl.json").write_text(
        '{"entries": [{"op": "create", "prefix": "192.0.2.7/24", "action": "block"},'
        ' {"prefix": "2001:db8::/32", "action": "ALLOW"}]}'
    )
    local = read(f"[local_server.acls]\nblk = {value}", tmp_path)

    assert local.acls == {
        "blk": (
            AclEntry(prefix="192.0.2.7/24", action="BLOCK"),
            AclEntry(prefix="2001:db8::/32", action="ALLOW"),
        )
    }


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[]", "the file must hold one JSON object"),
        ("{", "not valid JSON at line 1, column 2"),
        ("{}", "entries: must be an array"),
        ('{"entries": [], "more": 1}', "more: unknown key"),
        ('{"entries": [1]}', "entries: must be a table, not an integer"),
        ('{"entries": [{"action": "BLOCK"}]}', "prefix: is missing"),
        ('{"entries": [{"prefix": "192.0.2.0/24"}]}', "action: is missing"),
        ('{"entries": [{"prefix": "192.0.2.0", "action": "BLOCK"}]}', "a slash and 1 or more"),
        ('{"entries": [{"prefix": "192.0.2.0/0", "action": "BLOCK"}]}', "a slash and 1 or more"),
        ('{"entries": [{"prefix": "192.0.2.0/33", "action": "BLOCK"}]}', '"192.0.2.0/33": '),
        ('{"entries": [{"prefix": "here/8", "action": "BLOCK"}]}', '"here/8": '),
        ('{"entries": [{"prefix": "::/8", "action": "LOG"}]}', "must be ALLOW or BLOCK"),
        (
            '{"entries": [{"op": "delete", "prefix": "::/8", "action": "BLOCK"}]}',
            'op = "delete": must be create or update',
        ),
    ],
)
def test_a_bad_list_is_refused(tmp_path, text, rule):
    (tmp_path / "acl.json").write_text(text)

    assert rule in refusal('[local_server.acls]\nblk = "acl.json"', tmp_path)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("1", "blk: must be a table, not an integer"),
        ("{}", "file: is missing"),
        ('{ file = "none.json", more = 1 }', "more: unknown key"),
        ('"none.json"', 'blk = "none.json": no such file in '),
    ],
)
def test_a_list_without_a_file_is_refused(tmp_path, value, rule):
    assert rule in refusal(f"[local_server.acls]\nblk = {value}", tmp_path)


# Geolocation and device detection


def test_addresses_are_read_inline():
    local = read(
        "[local_server.geolocation]\nuse_default_loopback = false\nformat = 'inline-toml'\n"
        "[local_server.geolocation.addresses.'2001:DB8::1']\ncity = 'Oslo'\nlatitude = 59.9\n"
    )

    assert local.geolocation == Geolocation(
        addresses={"2001:db8::1": {"city": "Oslo", "latitude": 59.9}}, use_default_loopback=False
    )


def test_addresses_are_read_from_a_file(tmp_path):
    (tmp_path / "geo.json").write_text('{"192.0.2.1": {"as_number": 1}}')
    local = read('[local_server.geolocation]\nformat = "json"\nfile = "geo.json"', tmp_path)

    assert local.geolocation == Geolocation(addresses={"192.0.2.1": {"as_number": 1}})


def test_the_loopback_default_works_without_addresses():
    assert read("[local_server.geolocation]\nuse_default_loopback = true") == HostConfig()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("addresses = {}", "format: is missing; must be inline-toml or json"),
        ('format = "csv"', 'format = "csv": must be inline-toml or json'),
        ('format = "inline-toml"', "addresses: is missing; format inline-toml requires it"),
        ('format = "inline-toml"\nfile = "x"\naddresses = {}', "file: unknown key"),
        ('format = "json"', "file: is missing"),
        ('format = "inline-toml"\naddresses = {here = {}}', '"here" must be an IP address'),
        ('format = "inline-toml"\naddresses = {"::1" = 1}', "must be a table, not an integer"),
        (
            'format = "inline-toml"\naddresses = {"::1" = {}, "0::1" = {}}',
            "duplicate address ::1",
        ),
        (
            'format = "inline-toml"\naddresses = {"::1" = {city = {}}}',
            "city: must be a string, a finite number or a boolean",
        ),
        (
            'format = "inline-toml"\naddresses = {"::1" = {latitude = nan}}',
            "latitude: must be a string, a finite number or a boolean",
        ),
        ("use_default_loopback = 1", "must be true or false"),
        ("more = 1", "more: unknown key"),
    ],
)
def test_bad_geolocation_is_refused(text, rule):
    assert rule in refusal(f"[local_server.geolocation]\n{text}")


def test_user_agents_are_read_inline_and_from_a_file(tmp_path):
    (tmp_path / "agents.json").write_text('{"A/1 (x)": {"device": {"brand": "b", "tv": true}}}')
    inline = read(
        "[local_server.device_detection]\nformat = 'inline-toml'\n"
        "[local_server.device_detection.user_agents.'A/1 (x)'.device]\nbrand = 'b'\ntv = true\n"
    )
    in_file = read(
        '[local_server.device_detection]\nformat = "json"\nfile = "agents.json"', tmp_path
    )

    assert inline.device_detection == {"A/1 (x)": {"device": {"brand": "b", "tv": True}}}
    assert in_file == inline


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("user_agents = {}", "format: is missing; must be inline-toml or json"),
        ('format = "inline-toml"', "user_agents: is missing; format inline-toml requires it"),
        ('format = "inline-toml"\nuser_agents = {a = {b = {c = []}}}', "a.b] c: must be a string"),
        ("use_default_loopback = true", "use_default_loopback: unknown key"),
    ],
)
def test_bad_device_detection_is_refused(text, rule):
    assert rule in refusal(f"[local_server.device_detection]\n{text}")


def test_a_number_that_json_cannot_represent_is_refused():
    with pytest.raises(ValueError, match=r'device_detection: "agent": "a\.b" must be a string'):
        HostConfig(device_detection={"agent": {"a": {"b": float("inf")}}})


# Shielding sites and keys


def test_shielding_sites_are_read():
    local = read(
        '[local_server.shielding_sites]\nhere = "Local"\n'
        'there = { unencrypted = "http://127.0.0.1:1/", encrypted = "https://127.0.0.1:2/" }'
    )

    assert local.shielding_sites == {
        "here": None,
        "there": ShieldingSite(unencrypted="http://127.0.0.1:1/", encrypted="https://127.0.0.1:2/"),
    }


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ('"remote"', 'a = "remote": must be Local, or a table'),
        ("1", "a: must be a table, not an integer"),
        ('{ encrypted = "https://x/" }', "unencrypted: is missing"),
        ('{ encrypted = "x", unencrypted = "http://x/" }', 'encrypted = "x": must start with'),
        ('{ encrypted = "http://x/", unencrypted = "http://x/", more = 1 }', "more: unknown key"),
    ],
)
def test_a_bad_shielding_site_is_refused(value, rule):
    assert rule in refusal(f"[local_server.shielding_sites]\na = {value}")


def test_valid_keys_are_read_and_not_shown():
    local = read('[local_server]\nfake_valid_fastly_keys = ["hide-me"]')

    assert local.fake_valid_fastly_keys == {"hide-me"}
    assert "hide-me" not in repr(local)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ('"HIDE"', "must be an array, not a string"),
        ('["HIDE", 1]', "must be an array of strings only, not an integer"),
    ],
)
def test_bad_keys_are_refused_and_not_shown(value, rule):
    message = refusal(f"[local_server]\nfake_valid_fastly_keys = {value}")

    assert rule in message
    assert "HIDE" not in message
