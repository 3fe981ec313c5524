"""Names for files that leave the installation, which any file system takes."""

from __future__ import annotations

import re
import unicodedata

from django.utils.text import slugify

from models_app.models import UserModel
from models_app.texts import is_blank, shortened, single_line

# What Windows and macOS refuse in names, and what starts a code in addresses.
_RESERVED = re.compile(r'[<>:"/\\|?*%]+')
# Devices of Windows: a file named like one cannot be opened there.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
# Marks of direction: they would make a name look like another one's.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LENGTH = 60


def file_stem(name: str, otherwise: str) -> str:
    """Return a name for files made from a person's own; `otherwise` where nothing of it is left.

    Latin letters become plain lower case, as command lines and other programs like them. Other
    scripts stay as they are: there is nothing plainer to make of them.
    """
    letters = filter(str.isalpha, unicodedata.normalize("NFKD", name))
    text = (slugify(name) if all(map(str.isascii, letters)) else "") or _in_own_script(name)
    text = shortened(text, _LENGTH).strip("-. ")
    return otherwise if is_blank(text) or _DEVICES.match(text) else text


def _in_own_script(name: str) -> str:
    text = unicodedata.normalize("NFC", _TURNING.sub("", single_line(name)))
    return re.sub(r"[\s-]+", "-", _RESERVED.sub(" ", text)).strip("-. ")


def model_stem(model: UserModel) -> str:
    """Return the name of a model's files: never the same for two models of one person."""
    short_id = str(model.pk)[:8]
    return f"{file_stem(model.name, 'model')}-{short_id}"


def weights_name(model: UserModel, form: str = "") -> str:
    """Return the name under which the weights are downloaded, in a form other than the usual."""
    ending = f"{form}.safetensors" if form else "safetensors"
    return f"{file_stem(model.name, model_stem(model))}.{ending}"
