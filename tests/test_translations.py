"""Every text in a template goes through Django's translation functions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.views.i18n import JavaScriptCatalog

from dashboard import script_texts

TEMPLATES = settings.BASE_DIR / "templates"
# What is the same in every language.
NAMES = re.compile(r"TheWay|SHA-256|\.safetensors")
# Parameters of `{% include %}` that carry no text.
NO_TEXT = {"action_url", "icon", "id", "rows", "tone"}

COMMENT = re.compile(r"{#.*?#}|{%\s*comment\b.*?{%\s*endcomment\s*%}|<!--.*?-->", re.DOTALL)
BLOCK = re.compile(r"{%\s*blocktrans(late)?\b.*?{%\s*endblocktrans(late)?\s*%}", re.DOTALL)
CSS_CLASS = re.compile(r"{%\s*block\s+(\w*class|coltype)\s*%}.*?{%\s*endblock\s*%}", re.DOTALL)
INCLUDE = re.compile(r"{%\s*include\b(.*?)%}", re.DOTALL)
PARAMETER = re.compile(r'\b(\w+)="([^"]*)"')
DEFAULT = re.compile(r'\|(?:default|default_if_none|yesno|pluralize|add):"([^"]*)"')
TEMPLATE_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
ATTRIBUTE = re.compile(r'\b(?:title|aria-label|aria-description|alt|placeholder|label)="([^"]*)"')
HTML_TAG = re.compile(r"<[^>]*>|&\w+;")


def untranslated(source: str) -> list[str]:
    """Return the texts of a template that no language but English could have."""
    source = CSS_CLASS.sub("", BLOCK.sub("", COMMENT.sub("", source)))
    parameters = [
        text
        for include in INCLUDE.findall(source)
        for name, text in PARAMETER.findall(include)
        if name not in NO_TEXT
    ]
    defaults = DEFAULT.findall(source)
    html = TEMPLATE_TAG.sub("\n", source)
    attributes, content = ATTRIBUTE.findall(html), HTML_TAG.sub("\n", html).splitlines()
    found = (NAMES.sub("", text).strip() for text in parameters + defaults + attributes + content)
    return [text for text in found if re.search(r"[^\W\d_]", text)]


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.*")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_every_text_of_a_template_can_be_translated(template: Path):
    assert untranslated(template.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Text</p>",
        "<p>{{ count }} left</p>",
        '<p title="Text">{% translate "Title" %}</p>',
        '<img alt="A photo of {{ name }}">',
        '{% include "x.html" with title="Text" only %}',
        '{{ name|default:"Text" }}',
        "{{ count }} line{{ count|pluralize }}",
        "{% if a %}Text{% endif %}",
    ],
)
def test_a_bare_text_is_found(source):
    assert untranslated(source)


@pytest.mark.parametrize(
    "source",
    [
        "{# A comment #}<p>{{ name }} · 41 % ✓</p>",
        '<p title="{% translate "Text" %}">{% translate "Text" %}</p>',
        "{% blocktranslate trimmed %}Text <b>{{ name }}</b>{% endblocktranslate %}",
        '{% include "x.html" with icon="lock" title=_("Text") text=page.text only %}',
        "<title>{{ title }} · TheWay</title>",
    ],
)
def test_a_translated_text_is_accepted(source):
    assert untranslated(source) == []


def test_scripts_get_their_texts_whoever_is_signed_in(anonymous_client):
    response = anonymous_client.get(script_texts.address())
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/javascript")
    assert "gettext" in response.content.decode()
    script = f'<script defer src="{script_texts.address()}"></script>'
    assert script in anonymous_client.get("/").content.decode()


def test_texts_of_scripts_are_never_those_of_before_an_update(anonymous_client, monkeypatch):
    for other in ("", "?v=", "?v=0123456789ab"):
        answer = anonymous_client.get(f"/texts.js{other}")
        assert "no-cache" in answer["Cache-Control"] and "max-age" not in answer["Cache-Control"]
        assert "gettext" in answer.content.decode()
    name = script_texts.address()
    script_texts._texts.cache_clear()
    with monkeypatch.context() as changed:
        changed.setattr(JavaScriptCatalog, "get", lambda *_: HttpResponse("other texts"))
        assert script_texts.address() != name
    script_texts._texts.cache_clear()


def test_texts_of_scripts_are_kept_for_a_year_also_by_who_is_signed_in(owner_client):
    answer = owner_client.get(script_texts.address())
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer and not answer.cookies
    packed = owner_client.get(script_texts.address(), headers={"Accept-Encoding": "gzip"})
    assert len(packed.content) < len(answer.content) / 2


def test_the_script_that_updates_times_uses_the_texts_of_the_server():
    def texts(path: str) -> set[str]:
        calls = re.findall(r'gettext\(\s*"([^"]*)"(?:,\s*"([^"]*)")?', Path(path).read_text())
        return {text.replace(")d", ")s") for call in calls for text in call if text}

    assert texts("static/js/times.js") == texts("dashboard/templatetags/times.py")
