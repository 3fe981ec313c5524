"""A browser without a window: cookies, forms with their tokens, files, live events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

import requests

from theway.demo.errors import DemoError
from theway.demo.page import Page, form_values

TIMEOUT = (5.0, 60.0)  # seconds to connect, to wait for an answer
Files = list[tuple[str, tuple[str, bytes, str]]]


class Browser:
    """A session of one person at the installation at `base`. Every method raises DemoError."""

    def __init__(
        self,
        base: str,
        *,
        cookies: Mapping[str, str] | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        ignores_errors: bool = False,  # that a page shows
    ) -> None:
        self._base = base
        self._timeout = timeout
        self._ignores_errors = ignores_errors
        self._session = requests.Session()
        self._session.cookies.update(cookies or {})
        # The installation is on this machine: the environment's proxies are not for it.
        self._session.trust_env = False

    def open(self, path: str) -> Page:
        """Return the page at `path`."""
        return self._page(self._request("GET", path))

    def submit(
        self, page: Page, form: str, changes: dict[str, str], files: Files | None = None
    ) -> Page:
        """Send a form of `page` with its own values and `changes`; return the page that follows."""
        found = page.form(form)
        if found is None:
            raise DemoError(f"The page {page.address} has no form “{form}”.")
        target = urljoin(page.address, str(found.get("action", "")))
        values = form_values(found) | changes
        return self._page(self._request("POST", target, data=values, files=files))

    def fetch(self, path: str) -> bytes:
        """Return the file at `path`."""
        return self._request("GET", path).content

    def events(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the messages of a live stream as they come."""
        with self._request("GET", path, stream=True) as answer:
            # Without chunk_size=1 a message would wait until a buffer is full.
            for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line and line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        address = urljoin(self._base, path)
        try:
            answer = self._session.request(method, address, timeout=self._timeout, **options)
        except requests.RequestException as error:
            raise DemoError(f"{address} did not answer: {type(error).__name__}.") from error
        if not answer.ok:
            raise DemoError(f"{address} answered with status {answer.status_code}.")
        return answer

    def _page(self, answer: requests.Response) -> Page:
        page = Page(answer.url, answer.text)
        if page.errors and not self._ignores_errors:
            raise DemoError(f"{answer.url} shows an error: {' '.join(page.errors)}")
        return page
