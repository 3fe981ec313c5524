"""A hub of models on this machine, as far as a download needs one: the routes that huggingface_hub
asks, files with digests, ranges, a gate, and connections that break."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REVISION = "a" * 40


class Hub:
    """Serves `files` by name. `cut` names one whose connection breaks half way."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files, self.cut, self.is_gated = dict(files), "", False
        self.cut_once = True
        self.digest = ""  # told of every file of weights instead of its own
        self.asked: list[tuple[str, str]] = []  # names of files with the range
        self.tokens: set[str] = set()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def do_GET(self) -> None:
        self._answer(has_body=True)

    def log_message(self, *_words: Any) -> None:
        pass

    def _answer(self, *, has_body: bool) -> None:
        self.hub.tokens.add(self.headers.get("Authorization", ""))
        if self.path.startswith("/api/models/"):
            return self._json(self._model())
        if self.hub.is_gated:
            return self._refuse()
        return self._file(has_body=has_body)

    def _model(self) -> dict[str, Any]:
        files = [self._described(name, data) for name, data in self.hub.files.items()]
        return {"id": "x/y", "sha": REVISION, "siblings": files, "tags": [], "downloads": 0}

    def _described(self, name: str, data: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": "b" * 40}
        if name.endswith(".safetensors"):
            digest = self.hub.digest or hashlib.sha256(data).hexdigest()
            found["lfs"] = {"size": len(data), "sha256": digest, "pointerSize": 100}
        return found

    def _json(self, found: Any) -> None:
        data = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _refuse(self) -> None:
        self.send_response(403)
        self.send_header("X-Error-Code", "GatedRepo")
        self.send_header("X-Error-Message", "Access is restricted")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _file(self, *, has_body: bool) -> None:
        name = self.path.split(f"/resolve/{REVISION}/")[-1]
        data, asked = self.hub.files[name], self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if has_body:
            self.hub.asked.append((name, asked))
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("Content-Length", str(len(data) - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if not has_body:
            return
        if name == self.hub.cut:
            self.wfile.write(data[start : start + len(data) // 2])
            self.wfile.flush()
            self.hub.cut = "" if self.hub.cut_once else name
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.wfile.write(data[start:])
