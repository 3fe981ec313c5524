"""Scripts and styles: kept by browsers for good, and never those of before an update."""

from __future__ import annotations

import re
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

from tests.theway.served import serve

IMPORT = re.compile(r'(?:from|import) "(\./[^"]+)"')
USED = re.compile(r'(?:src|href|data-live-hub)="(/static/[^"]+)"')
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture
def collected(settings, tmp_path):
    """The static files as an installation serves them."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "theway.static_storage.StaticStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_scripts_import_modules_of_their_own_version(collected):
    imported = {
        script.parent / name
        for script in (collected / "js").glob("*.js")
        if HASHED.search(script.name)
        for name in IMPORT.findall(script.read_text())
    }
    assert imported
    assert all(HASHED.search(module.name) and module.is_file() for module in imported)


def test_a_changed_module_changes_the_name_of_all_that_import_it(collected, settings, tmp_path):
    before = staticfiles_storage.url("js/uploader.js")
    folder = tmp_path / "changed"
    (folder / "js").mkdir(parents=True)
    for script in (settings.BASE_DIR / "static/js").glob("*.js"):
        (folder / "js" / script.name).write_text(script.read_text())
    (folder / "js/csrf.js").write_text("export const csrfToken = () => 'another';\n")
    settings.STATICFILES_DIRS = [folder]
    call_command("collectstatic", interactive=False, verbosity=0)
    assert staticfiles_storage.url("js/uploader.js") != before


def test_who_is_signed_in_keeps_scripts_and_styles_and_no_page(tmp_path):
    site = serve(tmp_path)
    cookie = {"Cookie": site.owner_session}
    address = f"http://127.0.0.1:{site.port}/dashboard/"
    try:
        with urlopen(Request(address, headers=cookie)) as page:
            assert page.url == address and "no-store" in page.headers["Cache-Control"]
            names = USED.findall(page.read().decode())
        assert len(names) > 10
        for name in names:
            with urlopen(Request(urljoin(address, name), headers=cookie)) as answer:
                assert "immutable" in answer.headers["Cache-Control"], name
    finally:
        site.process.kill()
