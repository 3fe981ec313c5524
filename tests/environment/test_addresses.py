"""Addresses: what each part means, and that a password survives."""

from __future__ import annotations

import ssl

import pytest
import redis
from kombu.utils.url import parse_url

from environment import variables
from environment.errors import SettingError
from environment.reading import Environment
from environment.values import ROOT, Variable

SECRET = "p@ss#w/r:d?&%+$ü"
ESCAPED = "p%40ss%23w%2Fr%3Ad%3F%26%25+$%C3%BC"


def read(variable: Variable, text: str):
    return Environment({variable.name: text}).get(variable)


def place_of(url: str) -> tuple[str, ...]:
    found = read(variables.DATABASE_URL, url)
    return tuple(found[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://TheWay.Example.org:443/", "https://theway.example.org"),
        ("HTTP://theway.example.org:80", "http://theway.example.org"),
        ("https://theway.example.org:8443", "https://theway.example.org:8443"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_the_public_address_is_kept_as_browsers_write_it(written, meant):
    assert read(variables.PUBLIC_URL, written) == meant


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"postgres://us%40er:{ESCAPED}@db:5432/the%20way", ("us@er", SECRET, "db", "5432")),
        (f"postgresql://u:{ESCAPED}@[::1]/the%20way", ("u", SECRET, "::1", "")),
        ("postgres://u@%2FVar%2Frun%2Fpg:5433/the%20way", ("u", "", "/Var/run/pg", "5433")),
        ("postgres:///the%20way?host=/Var/run/pg&user=u", ("u", "", "/Var/run/pg", "")),
        ("postgres:///the%20way", ("", "", "", "")),
        ("postgres://u@one:1,two:2/the%20way", ("u", "", "one,two", "1,2")),
        ("postgres://a:b@c@db/the%20way", ("a", "b@c", "db", "")),
    ],
)
def test_the_database_is_found_where_the_address_says(url, place):
    assert place_of(url) == (*place, "the way")


def test_options_of_the_database_reach_the_one_who_knows_them():
    url = "postgres://db/theway?sslmode=require&sslrootcert=/etc/a%20b.pem&conn_max_age=60"
    found = read(variables.DATABASE_URL, url)
    assert found["OPTIONS"] == {"sslmode": "require", "sslrootcert": "/etc/a b.pem"}
    assert found["CONN_MAX_AGE"] == 60


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@db/theway",
        "postgres://db",
        "postgres://db/",
        "postgres://u:sec#ret@db/theway",
        "postgres://u:12/secret@db/theway",
        "postgres://u:1?secret=2@db/theway",
        "postgres://u:secret%@db/theway",
        "postgres://u:secret@db:port/theway",
        "postgres://u:secret@db/the/way",
        "postgres://u:secret@db/theway?sslmod=require",
        "postgres://u:secret@db/theway?sslmode",
        "postgres://u:secret@db/theway?sslmode=a&sslmode=b",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:////srv/a#b",
        "sqlite:////srv/100%",
        "/srv/db.sqlite3",
    ],
)
def test_what_is_no_clear_address_of_a_database_is_refused_without_it(url):
    with pytest.raises(SettingError, match="DATABASE_URL must be ") as refused:
        read(variables.DATABASE_URL, url)
    assert "secret" not in str(refused.value)


def test_a_file_of_sqlite_may_have_any_name():
    assert (
        read(variables.DATABASE_URL, "sqlite:////srv/a%23b%3Fc%25 +d")["NAME"] == "/srv/a#b?c% +d"
    )
    assert read(variables.DATABASE_URL, "sqlite:///var/x")["NAME"] == str(ROOT / "var" / "x")


@pytest.mark.parametrize(
    ("scheme", "port", "security"),
    [
        ("smtp", 25, {}),
        ("smtp+tls", 587, {"EMAIL_USE_TLS": True}),
        ("smtp+ssl", 465, {"EMAIL_USE_SSL": True}),
    ],
)
def test_a_mail_server_has_the_port_of_its_scheme_and_its_password_survives(scheme, port, security):
    found = read(variables.EMAIL_URL, f"{scheme}://u%40x.org:{ESCAPED}@[2001:db8::1]")
    assert found == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "2001:db8::1",
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": "u@x.org",
        "EMAIL_HOST_PASSWORD": SECRET,
        **security,
    }


@pytest.mark.parametrize("url", ["smtps://mail:465", "smtp://", "smtp://mail/x", "smtp://m?tls=1"])
def test_a_mail_server_that_could_be_meant_in_two_ways_is_refused(url):
    with pytest.raises(SettingError, match="EMAIL_URL must be "):
        read(variables.EMAIL_URL, url)


def test_mails_may_go_to_files_in_a_folder_that_does_not_depend_on_where_one_stands():
    for url, folder in (
        ("filemail:////srv/the%20mails", "/srv/the mails"),
        ("filemail:///mails", str(ROOT / "mails")),
    ):
        assert read(variables.EMAIL_URL, url)["EMAIL_FILE_PATH"] == folder
    for url in ("filemail://", "filemail://mails", "consolemail:///mails"):
        with pytest.raises(SettingError, match="EMAIL_URL must be "):
            read(variables.EMAIL_URL, url)


@pytest.mark.parametrize(
    "options",
    ["foo=1", "db=5", "socket_timeout=3", "max_connections=x", "ssl_cert_reqs=CERT_NONE", "ssl=x"],
)
@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_options_that_not_all_readers_of_redis_address_know_are_refused(scheme, options):
    with pytest.raises(SettingError, match="REDIS_URL must be "):
        read(variables.REDIS_URL, f"{scheme}://:pa55word@host/0?{options}")


def test_options_of_tls_reach_both_clients_of_redis():
    url = read(
        variables.REDIS_URL, "rediss://host/0?ssl_cert_reqs=none&ssl_ca_certs=%2Fetc%2Fca.pem"
    )
    pool = redis.ConnectionPool.from_url(url)
    assert pool.connection_kwargs["ssl_ca_certs"] == "/etc/ca.pem"
    assert pool.make_connection().cert_reqs == ssl.CERT_NONE
    options = parse_url(url)["ssl"]
    assert options == {"ssl_cert_reqs": ssl.CERT_NONE, "ssl_ca_certs": "/etc/ca.pem"}
