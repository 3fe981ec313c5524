"""Fetches a base model, in the Python that has huggingface_hub: `python -m …fetching NAME FOLDER`.

The token comes from HF_TOKEN and is never written anywhere.
"""

from __future__ import annotations

import os
import sys

# diffusers' layout only: a pipeline's folders. Beside them lie the same weights in other forms,
# and pictures.
WANTED = ("model_index.json", "*/*.json", "*/*.safetensors", "*/*.txt", "*/*.model", "LICENSE*")
UNWANTED = ("*fp16*", "*.onnx*", "*non_ema*", "*ema_only*", "*flax*", "*openvino*")


def main(name: str, folder: str) -> int:
    """Fetch what is missing; return the exit status."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    page = f"{os.environ.get('HF_ENDPOINT', 'https://huggingface.co').rstrip('/')}/{name}"
    try:
        snapshot_download(
            name,
            local_dir=folder,
            token=os.environ.get("HF_TOKEN") or False,
            allow_patterns=list(WANTED),
            ignore_patterns=list(UNWANTED),
        )
    except GatedRepoError:
        print(f"The hub does not give it to this token. Accept the licence at {page} first.")
    except RepositoryNotFoundError:
        print(f"The hub has no {name}, or not for this token.")
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no"
        print(f"The hub answered with status {status}.")
    except OSError as error:
        print(f"The download stopped: {error.strerror or type(error).__name__}.")
    except Exception as error:  # the library's HTTP client has errors of its own
        print(f"The download stopped: {type(error).__name__}.")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
