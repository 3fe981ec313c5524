"""Words in captions that tell of what shall be learned.

What a caption names stays changeable: the trainer puts it down to the word in the caption, and what
no word names down to the trigger word (shared practice of LoRA trainers: describe clothes, place
and light, never what makes the subject itself). So "brown hair" in every caption of a person
leaves a model whose hair depends on the prompt. The lists name what hardly ever changes within one
set of photos; they are English, as the captions are that image models were trained on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from models_app.models import Subject

_COLOURS = "black|blond|blonde|brown|brunette|red|ginger|auburn|gray|grey|white|silver|dark|light"
# Only beside one of the people: there are old towns, too.
_AGES = "young|old|elderly|teenaged?|middle-aged|tall|short|slim|skinny|muscular|chubby|overweight"
_PEOPLE = "man|woman|person|boy|girl|lady|guy|male|female|men|women|people|blonde|brunette|redhead"
# Each is a pattern of whole words. Hair that is done differently in each photo is worth naming,
# so "hair" alone is none of them.
_PATTERNS: Mapping[str, tuple[str, ...]] = {
    Subject.PERSON: (
        rf"(?:(?:{_COLOURS}|long|short|curly|wavy|straight|thick|thin)[ -])+haired",
        rf"(?:(?:{_COLOURS}|long|short|curly|wavy|straight|thick|thin),? )+hair",
        r"(?:blond|blonde|brunette|redhead|bald)",
        r"(?:blue|brown|green|hazel|gray|grey|dark|bright|big|small|almond)[ -]eye[sd]?",
        r"(?:round|oval|square|long|thin|narrow|wide|heart-shaped) face",
        r"(?:big|small|long|crooked|pointed|hooked) nose",
        r"(?:full|thin) lips|high cheekbones|strong jaw(?:line)?|dimples|freckles|freckled",
        r"(?:pale|fair|dark|light|tan|tanned|olive|brown|black) skin(?:ned)?",
        rf"(?:{_AGES}) (?:(?:{_AGES}|{_COLOURS}) )*(?:{_PEOPLE})",
        r"elderly|teenaged?|middle-aged|\d+[ -]years?[ -]old|wrinkled|wrinkles",
    ),
    Subject.PRODUCT: (
        r"(?:with|has) (?:a |an |the )?(?:logo|label|handle|lid|brand name)",
        r"brand(?:ed)? logo|made of (?:wood|metal|glass|plastic|leather|steel|ceramic|paper)",
    ),
    Subject.STYLE: (
        r"(?:oil|acrylic|watercolou?r|digital|matte|gouache|ink) (?:painting|drawing|art)",
        r"(?:pencil|charcoal|ink|line|pastel) (?:drawing|sketch|art)",
        r"oil paint|watercolou?rs?|gouache|pastels?|charcoal|woodcut|linocut|etching|engraving",
        r"anime|manga|cartoon|comic|pixel art|low[ -]poly|3d render|concept art",
        r"impressionis[tm]|expressionis[tm]|cubis[tm]|surrealis[tm]|art (?:deco|nouveau)|pop art",
        r"film grain|grainy|vintage|retro|sepia|black[ -]and[ -]white|monochrome|polaroid",
        r"brush ?strokes?|flat colou?rs|minimalist(?:ic)?|in the style of|art ?style",
    ),
}


def words_in(caption: str, kind: str) -> list[str]:
    """Return what in a caption tells of the subject itself, as it stands there, each once."""
    found = (match.group() for match in _matches(caption, kind))
    return list({word.casefold(): word for word in found}.values())


def _matches(caption: str, kind: str) -> Iterator[re.Match[str]]:
    pattern = _pattern(kind)
    return pattern.finditer(caption) if pattern else iter(())


@cache
def _pattern(kind: str) -> re.Pattern[str] | None:
    parts = _PATTERNS.get(kind, ())
    if not parts:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)
