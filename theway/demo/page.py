"""Reads a page as a browser does: its forms with their values, its texts and links."""

from __future__ import annotations

from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

# Neither a field that is not filled in nor one that takes a click is sent with a form.
_SENT = (
    "input[name]:not([type=file], [type=submit], [type=radio], [type=checkbox]), "
    "input[name]:checked, select[name], textarea[name]"
)


class Page:
    """One page, as it came from `address`."""

    def __init__(self, address: str, html: str) -> None:
        self.address = address
        self._soup = BeautifulSoup(html, "html.parser")

    def form(self, key: str) -> Tag | None:
        """Return the form with this id or with `key` in its action."""
        return self._soup.select_one(f'form[id="{key}"], form[action*="{key}"]')

    def text(self, element_id: str) -> str:
        """Return the text of an element as one line, empty where there is no such element."""
        found = self._soup.find(id=element_id)
        return single_line(found) if found else ""

    @property
    def errors(self) -> list[str]:
        """The errors that the page shows."""
        texts = map(single_line, self._soup.select('.error, [role="alert"]'))
        return [text for text in texts if text]

    @property
    def refusals(self) -> list[str]:
        """Why the photos sent last were refused, without their names."""
        texts = map(single_line, self._soup.select('#messages [data-tone="bad"]'))
        return [text.partition(": ")[2] or text for text in texts]

    @property
    def photo_count(self) -> int:
        """How many photos the page shows."""
        return len(self._soup.select("#photo-grid .photo-card"))

    @property
    def links(self) -> list[str]:
        """Where the page leads, and what it shows."""
        tags = self._soup.select("[href], [src]")
        return [str(tag.get("href") or tag.get("src")) for tag in tags]

    @property
    def live(self) -> str:
        """The address of the page's stream of events."""
        found = self._soup.select_one("[data-live]")
        if found is None:
            return ""
        asked = {"model": found["data-live-topic"], "after": found["data-live-after"]}
        return f"{found['data-live']}?{urlencode(asked)}"


def form_values(form: Tag) -> dict[str, str]:
    """Return what a form sends if nothing is changed."""
    return {str(control["name"]): _value(control) for control in form.select(_SENT)}


def single_line(tag: Tag) -> str:
    """Return the text as one line: words of two elements are two words, however it is written."""
    return " ".join(tag.get_text(" ").split())


def _value(control: Tag) -> str:
    if control.name == "textarea":
        return control.get_text().removeprefix("\n")
    if control.name == "select":
        chosen = control.select_one("option:checked") or control.find("option")
        return str(chosen["value"]) if chosen else ""
    return str(control.get("value", "on" if control.get("type") in {"radio", "checkbox"} else ""))
