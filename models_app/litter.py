"""What systems and programs leave among photos: skipped in folders and archives alike."""

from __future__ import annotations

from collections.abc import Iterable

# By name and by ending, in lower case, and by how a name begins.
_NAMES = frozenset({
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "picasa.ini", "icon\r",
    "__macosx", "@eadir", "$recycle.bin", "system volume information",
})  # fmt: skip
_BEGINNINGS = (".", "~$")
# Notes of cameras, programs and online albums beside a photo of the same name.
_ENDINGS = (".aae", ".xmp", ".thm", ".json")


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is known to be no photo of anybody."""
    lower = name.lower()
    return lower.startswith(_BEGINNINGS) or lower in _NAMES or lower.endswith(_ENDINGS)


def is_litter_path(parts: Iterable[str]) -> bool:
    """Whether a file is litter, or lies in a folder that is. (`.` and `..` are no names.)"""
    return any(part not in {".", ".."} and is_litter(part) for part in parts)


def rule() -> dict[str, list[str]]:
    """Return the rule as data, for the page: it skips what lies in a folder before sending it."""
    return {"names": sorted(_NAMES), "starts": [*_BEGINNINGS], "ends": [*_ENDINGS]}
