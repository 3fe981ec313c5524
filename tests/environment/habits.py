"""How people write settings: in the file, in the real environment, and what may come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from environment.values import Variable
from environment.variables import ALL
from providers import registry

VARIABLES: tuple[Variable[Any], ...] = (*ALL, *registry.variables())
KNOWN = {variable.name for variable in VARIABLES}
# A value that each variable can have and that is not its default; by its kind where it is not here.
SAMPLES = {
    "PUBLIC_URL": "https://photos.example.org",
    "DATABASE_URL": "postgres://theway:p%23w%40d@[::1]:5432/theway?sslmode=require",
    "REDIS_URL": "redis://:p%23w%40d@127.0.0.1:6379/0",
    "EMAIL_URL": "smtp+tls://user:p%23w%40d@mail.example.org:587",
    "EMAIL_VERIFICATION": "mandatory",
    "FIRST_PICTURE": "false",
    "LOG_FORMAT": "json",
    "SITE_LANGUAGE": "pt-br",
    "FILE_STORAGE": "bucket",
    "TRAINER_ENGINE": "diffusers",
    "S3_ADDRESSING": "path",
    "S3_ENCRYPTION": "aws:kms",
}
BY_KIND = {
    "Address": "https://trainer.example.org:8443/base",
    "Amount": "7",
    "Bucket": "photos-of.ann-1",
    "Choice": "ERROR",
    "File": "/srv/authority of #1.pem",
    "Flag": "true",
    "Folder": "/srv/photos of #1",
    "Host": "192.0.2.7",
    "Hosts": "a.example.org,.b.example.org",
    "Key": "$ecret#1='x'",
    "Keys": "$ecret#1,other=2",
    "Money": "7.5",
    "Mailbox": "The Way <photos@example.org>",
    "Networks": "127.0.0.1,10.0.0.0/8",
    "Number": "77",
    "Places": "127.0.0.1:9000,nas.lan:80",
    "Seconds": "7.5",
    "Text": "$ecret #1 ='x\\n",
    "Word": "magic",
}


def sample_of(variable: Variable[Any]) -> str:
    return SAMPLES.get(variable.name) or BY_KIND[type(variable).__name__]


@dataclass(frozen=True)
class Habit:
    """`line` makes a line of the file from a name and a sound text; the value is `expected`."""

    line: Callable[[str, str], str]
    encoding: str = "utf-8"


def _quote(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


# Each of these means the sample, nothing else.
MEANT = {
    "quoted": Habit(lambda name, text: f"{name}={_quote(text)}"),
    "spaces around =": Habit(lambda name, text: f"{name} = {_quote(text)}"),
    "export": Habit(lambda name, text: f"export {name}={_quote(text)}"),
    "comment behind": Habit(lambda name, text: f"{name}={_quote(text)}  # don't change"),
    "indented": Habit(lambda name, text: f"  {name}={_quote(text)}\t"),
    "Windows' ends of lines": Habit(lambda name, text: f"# mine\r\n{name}={_quote(text)}\r\n"),
    "byte-order mark": Habit(lambda name, text: f"{name}={_quote(text)}\n", "utf-8-sig"),
    "no end of line": Habit(lambda name, text: f"\n\n{name}={_quote(text)}"),
}
# Texts that may be taken as they are or refused, never changed.
ODD = {
    "begins with $": "$HOME",
    "braces": "${PORT}",
    "the end of a password": "p$1#w\"d'=\\n%41",
    "comment that is none": "8000 # comment",
    "another comment": "false # closed",
    "hash": "#1",
    "quotes": '"8000"',
    "half a quote": "'8000",
    "exponent": "1e9",
    "underscore": "1_000",
    "hexadecimal": "0x10",
    "negative": "-1",
    "not a number": "nan",
    "infinite": "inf",
    "too large": "99999999999999999999",
    "other digits": "８０００",
    "unit": "30s",
    "comma": "1,5",
    "plus": "+5",
    "no flag": "ja",
    "null": "null",
    "list": "['a', 'b']",
    "trailing comma": "a,b,",
    "space after comma": "a, b",
    "commas": ",,",
    "no scheme": "photos.example.org",
    "scheme alone": "https://",
    "path": "https://photos.example.org/base",
    "slash": "https://photos.example.org/",
    "credentials": "https://user:pa55word@photos.example.org",
    "query": "https://photos.example.org?x=1",
    "port": "https://photos.example.org:99999",
    "other scheme": "mysql://user:pa55word@host/name",
    "unclear password": "postgres://user:pa#55@word@host/name",
    "half an escape": "postgres://user:100%@host/name",
    "IPv6": "::1",
    "no address": "256.1.1.1",
    "home": "~/the way",
    "nobody's home": "~nobody-at-all/x",
    "relative": "./x y",
    "spaces": "a b",
    "tab": "a\tb",
    "line": "a\nb",
    "bell": "a\ab",
    "decomposed": "Fotos für mich",
    "emoji": "📷",
    "undecodable": "a\udcff",
}
EMPTY = {"nothing": "", "spaces": "  ", "quotes": "''", "comment": " # comment"}
