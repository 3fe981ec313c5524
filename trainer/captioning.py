"""Describes a photo with a captioning model in a folder: see `CAPTION_COMMAND`, docs/operations.md.

    .venv-diffusers/bin/python -m trainer.captioning FOLDER PHOTO

Runs in the Python that has transformers (`make setup-training`), on the processor, so that it takes
nothing from a card that trains. Takes any model that transformers knows as one from picture to text
and that needs no question, such as BLIP and GIT; weights in safetensors only, nothing is downloaded
and no code of the folder is run.
"""

from __future__ import annotations

import sys
from pathlib import Path

MOST_TOKENS = 60
WRONG_USAGE = 2


def main(arguments: list[str]) -> int:
    """Print one caption; return the exit status."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return WRONG_USAGE
    print(describe(Path(arguments[0]), Path(arguments[1])))
    return 0


def describe(folder: Path, photo: Path) -> str:
    """Return a caption of a photo. Raises OSError where model or photo cannot be read."""
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    model = AutoModelForImageTextToText.from_pretrained(
        folder, local_files_only=True, use_safetensors=True
    ).eval()
    with Image.open(photo) as image:
        asked = processor(images=image.convert("RGB"), return_tensors="pt")
    told = model.generate(**asked, max_new_tokens=MOST_TOKENS, do_sample=False)
    text: str = processor.batch_decode(told, skip_special_tokens=True)[0]
    return text.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
