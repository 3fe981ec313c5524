"""Addresses of photos on pages."""

from __future__ import annotations

from uuid import UUID
from zlib import crc32

from django.urls import reverse


def thumbnail_address(photo_id: UUID, name: str) -> str:
    """Return the address of a thumbnail whose file is called `name`.

    A crop gives the thumbnail another file. The address changes with it, since browsers go on
    showing what they have of an address while a page is open.
    """
    address = reverse("dashboard:photo_file", args=[photo_id, "thumbnail"])
    return f"{address}?v={crc32(name.encode()):08x}"
