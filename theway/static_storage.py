"""Static files under names that change with their content: kept for good, and never stale."""

from __future__ import annotations

from typing import ClassVar

from servestatic.storage import CompressedManifestStaticFilesStorage

_IMPORT = (r'(?P<matched>(?P<word>from|import) "(?P<url>\./[^"]+)")', '%(word)s "%(url)s"')


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Names what our scripts import by its content, too.

    Otherwise a browser that visited before an update runs a new script with modules that it kept
    of the old one. Django's own `support_js_module_import_aggregation` stumbles over comments in
    scripts of others.
    """

    patterns: ClassVar = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (_IMPORT,)))
