"""Reads a page as a browser does: its forms with their values, its texts and links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"input", "img", "br", "meta", "link", "hr", "source"}
_NOT_SENT = {"file", "submit", "button", "image", "reset"}


@dataclass(slots=True)
class Form:
    """A form with the values it sends if nothing is changed."""

    id: str
    action: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """One page. `texts` holds the text of each element with an id, `live` its stream's address."""

    address: str
    forms: list[Form] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    live: str = ""

    def form(self, key: str) -> Form | None:
        """Return the form with this id or with `key` in its action."""
        for form in self.forms:
            if key == form.id or key in form.action:
                return form
        return None


class PageReader(HTMLParser):
    """Fills a Page from HTML."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.page = Page(address)
        self._form: Form | None = None
        self._open: list[tuple[str, str, bool]] = []
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            classes = values.get("class", "").split()
            is_error = "error" in classes or values.get("role") == "alert"
            self._open.append((tag, values.get("id", ""), is_error))
            if is_error:
                self.page.errors.append("")
        self.page.live = values.get("data-live", self.page.live)
        if address := values.get("href") or values.get("src"):
            self.page.links.append(address)
        if tag == "form":
            self._form = Form(values.get("id", ""), values.get("action", ""))
            self.page.forms.append(self._form)
        elif self._form is not None:
            self._read_control(tag, values)

    def handle_endtag(self, tag: str) -> None:
        if tag in (name for name, _, _ in self._open):
            while self._open.pop()[0] != tag:
                pass  # elements whose end may be left out, such as p and li
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        for _, id, is_error in self._open:
            if id:
                # Words of two elements are two words, however the page is written.
                self.page.texts[id] = f"{self.page.texts.get(id, '')} {data}"
            if is_error:
                self.page.errors[-1] += data
        if self._textarea and self._form is not None:
            self._form.values[self._textarea] += data.removeprefix("\n")

    def _read_control(self, tag: str, values: dict[str, str]) -> None:
        assert self._form is not None  # noqa: S101 - for the type checker
        sent, name = self._form.values, values.get("name", "")
        if tag == "input" and name:
            kind = values.get("type", "text")
            if kind in {"radio", "checkbox"} and "checked" in values:
                sent[name] = values.get("value", "on")
            elif kind not in _NOT_SENT | {"radio", "checkbox"}:
                sent[name] = values.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in values or self._select not in sent:
                sent[self._select] = values.get("value", "")
        elif tag == "textarea" and name:
            self._textarea = name
            sent[name] = ""


def read_page(address: str, html: str) -> Page:
    """Return what is on the page."""
    reader = PageReader(address)
    reader.feed(html)
    return reader.page


def single_line(text: str) -> str:
    """Return the text as one line."""
    return " ".join(text.split())
