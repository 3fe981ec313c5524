"""The icons, on a 24 by 24 grid with one line width; `{% icon "trash" %}` shows one."""

from __future__ import annotations

from collections.abc import Mapping

PATHS: Mapping[str, str] = {
    "mark": (
        '<rect x="2.5" y="2.5" width="19" height="19" rx="5"/>'
        '<circle cx="12" cy="9" r="2.4"/><path d="M6.8 18.5c.6-3.5 2.5-5 5.2-5s4.6 1.5 5.2 5"/>'
    ),
    "photos": (
        '<rect x="3" y="6" width="14" height="14" rx="2.5"/><path d="M7 3h11a3 3 0 0 1 3 3v11"/>'
        '<path d="m3.5 17 4-4 3.5 3.5 2-2 3.5 3.5"/><circle cx="12.5" cy="10.5" r="1.2"/>'
    ),
    "person": (
        '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.8-4.5 3.6-6.5 7.5-6.5s6.7 2 7.5 6.5"/>'
    ),
    "product": (
        '<path d="m12 3 8 4.5v9L12 21l-8-4.5v-9z"/><path d="m4.3 7.7 7.7 4.3 7.7-4.3M12 12v8.7"/>'
    ),
    "style": (
        '<path d="M5 19c2 1 5.5.5 5.5-2.5a2.5 2.5 0 0 0-5 0c0 1-.5 2-.5 2.5z"/>'
        '<path d="M10 14.5 19.5 4a1 1 0 0 1 .8 1.3L12.5 16"/>'
    ),
    "training": (
        '<path d="M3 20h18M4 6c2.5 7 7 10 16 10.5"/>'
        '<circle cx="8" cy="12.3" r="1.3"/>'
        '<circle cx="15" cy="16" r="1.3"/>'
    ),
    "pictures": (
        '<rect x="3" y="4" width="18" height="16" rx="3"/>'
        '<path d="m4 17 5-5 4 4 2.5-2.5L20 18"/>'
        '<circle cx="15.5" cy="9" r="1.5"/>'
    ),
    "earlier": '<path d="M19 12H5m6-6-6 6 6 6"/>',
    "later": '<path d="M5 12h14m-6-6 6 6-6 6"/>',
    "crop": '<path d="M7 2.5V17h14.5M2.5 7H17v14.5"/>',
    "trash": '<path d="M4 7h16M9.5 7V4.5h5V7M6 7l1 13h10l1-13M10 11v5.5M14 11v5.5"/>',
    "close": '<path d="M6 6l12 12M18 6 6 18"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "download": '<path d="M12 4v11m-5-4.5 5 5 5-5M4.5 20h15"/>',
    "lost": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5M8 10.5h5"/>',
    "lock": (
        '<rect x="5" y="10.5" width="14" height="10" rx="2.5"/>'
        '<path d="M8 10.5V7.5a4 4 0 0 1 8 0v3"/>'
    ),
}
