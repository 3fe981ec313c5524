"""Under which name mails are sent: one that the server of somebody else accepts."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator

import pytest
from django.core.mail import send_mail
from django.core.mail.utils import DNS_NAME

from accounts.mail_name import mail_name, set_mail_name

HERE = "TheWay <theway@localhost>"


class Conversation(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as sending one mail takes; keeps what the client says."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        is_text = False
        for line in self.rfile:
            self.server.said.append(line.decode().strip())
            if is_text:
                is_text = line != b".\r\n"
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                is_text = line.upper().startswith(b"DATA")
                self.wfile.write(b"354 go on\r\n" if is_text else b"250 fine\r\n")
                continue
            if not is_text:
                self.wfile.write(b"250 taken\r\n")


@pytest.fixture
def mail_server(settings, monkeypatch) -> Iterator[list[str]]:
    """A mail server; returns the lines that it has been told."""
    monkeypatch.setattr(DNS_NAME, "_fqdn", "c93fcab98fcb", raising=False)
    with socketserver.TCPServer(("127.0.0.1", 0), Conversation) as server:
        server.said = []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server.said
        server.shutdown()
        thread.join(10)


def test_mails_are_sent_under_the_public_name_not_the_containers(mail_server, settings):
    settings.PUBLIC_URL = "https://models.example.org"
    set_mail_name()
    send_mail("Hello", "words", "theway@example.org", ["ann@example.org"])
    assert mail_server[0].lower() == "ehlo models.example.org"
    (message_id,) = (line for line in mail_server if line.startswith("Message-ID:"))
    assert message_id.endswith("@models.example.org>")
    assert not [line for line in mail_server if re.search("c93fcab98fcb", line)]


def test_without_a_known_name_the_machines_stays(mail_server, settings):
    settings.PUBLIC_URL, settings.DEFAULT_FROM_EMAIL = "", HERE
    set_mail_name()
    send_mail("Hello", "words", HERE, ["ann@example.org"])
    assert mail_server[0].lower() == "ehlo c93fcab98fcb"


@pytest.mark.parametrize(
    ("public_url", "sender", "name"),
    [
        ("https://models.example.org", HERE, "models.example.org"),
        ("https://models.example.org:8443", "a@other.example", "models.example.org"),
        ("https://bücher.example", HERE, "xn--bcher-kva.example"),
        ("", "TheWay <theway@example.org>", "example.org"),
        ("http://nas:8000", "theway@example.org", "example.org"),
        ("http://192.168.1.5:8000", HERE, "[192.168.1.5]"),
        ("http://[fd00::5]:8000", HERE, "[IPv6:fd00::5]"),
        ("http://nas:8000", HERE, ""),
        ("", HERE, ""),
    ],
)
def test_the_name_is_one_that_others_know(public_url, sender, name):
    assert mail_name(public_url, sender) == name
