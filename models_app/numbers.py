"""Numbers as people type them.

The fields are plain text that a phone types with its digits. A browser's own field for numbers
sends nothing at all for what it does not take for one (“12 px”, a comma), changes its number under
a mouse wheel, and keeps a form from being sent for a field that nobody sees.
"""

from __future__ import annotations

import re
from typing import Any

from django import forms


class WholeNumberField(forms.IntegerField):
    """A whole number. “1.000” is a thousand to some and one to others, so it is refused."""

    re_decimal = re.compile(r"\.0?\s*$")  # Django's own takes all zeros away
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})


class NumberField(forms.FloatField):
    """A number with a fraction, after a point or a comma."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        is_text = isinstance(value, str)
        return super().to_python(value.replace(",", ".") if is_text else value)
