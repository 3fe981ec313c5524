"""Proxies with TLS as real processes, set up as docs/proxies.md says or as their packages do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from theway.processes.ports import unused_port
from theway.processes.process import Process

SNIPPETS = Path(settings.BASE_DIR) / "docs" / "proxies"
_SBIN = "/usr/sbin:/usr/local/bin"
Configured = tuple[list[str], Path]


@dataclass(frozen=True)
class Ground:
    """Where a proxy runs, and what it stands in front of."""

    folder: Path
    port: int
    plain_port: int
    site: int

    @property
    def certificate(self) -> Path:
        return self.folder / "fullchain.pem"

    def snippet(self, name: str) -> str:
        """Return a snippet of the documentation for this machine: names, ports and paths."""
        text = (SNIPPETS / name).read_text()
        changes = {
            "theway.example.org": "localhost",
            "127.0.0.1:8000": f"127.0.0.1:{self.site}",
            "/etc/ssl/theway/": f"{self.folder}/",
            "/etc/traefik/": f"{self.folder}/",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "listen 80": f"listen 127.0.0.1:{self.plain_port}",
            "bind :443": f"bind 127.0.0.1:{self.port}",
            '":443"': f'"127.0.0.1:{self.port}"',
            '":80"': f'"127.0.0.1:{self.plain_port}"',
            "localhost {": f"https://localhost:{self.port} {{",
        }
        for old, new in changes.items():
            text = text.replace(old, new)
        return text


def find(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=_SBIN)


@contextmanager
def proxy(name: str, folder: Path, site: int, port: int, *, is_default: bool) -> Iterator[Ground]:
    """Run a proxy in front of the site at port `site`: as documented, or with its defaults."""
    ground = Ground(folder, port, unused_port(), site)
    _make_certificate(folder)
    config = folder / f"{name}.conf"
    config.write_text(_CONFIGS[name](ground, is_default))
    process = Process(
        name,
        [find(name) or name, *_ARGUMENTS[name](config)],
        cwd=folder,
        port=port,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin:/usr/sbin"},
        log_file=folder / f"{name}.log",
    )
    try:
        process.start()
        yield ground
    finally:
        process.kill()


def _make_certificate(folder: Path) -> None:
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "both.pem").write_bytes(certificate.read_bytes() + key.read_bytes())


def _nginx(ground: Ground, is_default: bool) -> str:
    folder = ground.folder
    site = ground.snippet("nginx.conf")
    if is_default:  # what everybody writes first
        site = f"""
        server {{
            listen 127.0.0.1:{ground.port} ssl;
            ssl_certificate {ground.certificate};
            ssl_certificate_key {folder}/privkey.pem;
            location / {{
                proxy_pass http://127.0.0.1:{ground.site};
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-Proto $scheme;
            }}
        }}"""
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if is_root() else ""
    return f"""
    daemon off; {user} pid {folder}/nginx.pid; error_log {folder}/error.log;
    events {{}}
    http {{ access_log off; {paths}
    {site}
    }}"""


def is_root() -> bool:
    return Path("/proc/self").stat().st_uid == 0


def _caddy(ground: Ground, is_default: bool) -> str:
    own = f"{{\n\tadmin off\n\thttp_port {ground.plain_port}\n\thttps_port {ground.port}\n}}\n"
    site = ground.snippet("Caddyfile")
    if is_default:
        site = f"""https://localhost:{ground.port} {{
            tls {ground.certificate} {ground.folder}/privkey.pem
            reverse_proxy 127.0.0.1:{ground.site}
        }}"""
    return own + site


def _haproxy(ground: Ground, is_default: bool) -> str:
    text = ground.snippet("haproxy.cfg")
    if is_default:
        text = text.replace("1800s", "50s")  # as its package has it
    return text


def _traefik(ground: Ground, is_default: bool) -> str:
    (ground.folder / "theway.yml").write_text(ground.snippet("traefik-theway.yml"))
    text = ground.snippet("traefik.yml")
    if is_default:
        start, end = text.index("    transport:"), text.index("providers:")
        text = text[:start] + text[end:]
    return text


_CONFIGS: dict[str, Callable[[Ground, bool], str]] = {
    "nginx": _nginx,
    "caddy": _caddy,
    "haproxy": _haproxy,
    "traefik": _traefik,
}
_ARGUMENTS: dict[str, Callable[[Path], list[str]]] = {
    "nginx": lambda config: ["-c", str(config), "-e", "stderr"],
    "caddy": lambda config: ["run", "--adapter", "caddyfile", "--config", str(config)],
    "haproxy": lambda config: ["-f", str(config)],
    "traefik": lambda config: [f"--configFile={config}"],
}
