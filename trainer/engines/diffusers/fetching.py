"""Fetches a base model, in the Python that has huggingface_hub: `python -m …fetching NAME FOLDER`.

The library lists the files and knows the addresses and headers. The bytes are fetched here: since
its version 2 it begins each file anew (its pull request 4228), and these have ten gigabytes. What
was cut off goes on after what is on the disk, and is compared with the hub's SHA-256 at the end.
The token comes from HF_TOKEN and is never written anywhere.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

# diffusers' layout only: a pipeline's folders. Beside them lie the same weights in other forms,
# and pictures.
WANTED = ("model_index.json", "*/*.json", "*/*.safetensors", "*/*.txt", "*/*.model", "LICENSE*")
UNWANTED = ("*fp16*", "*.onnx*", "*non_ema*", "*ema_only*", "*flax*", "*openvino*")
TRIES = 5
_PAUSE = 2.0  # seconds before another try, and twice as many before the next
_PIECE = 1 << 20
_TOLD_EVERY = 10.0  # seconds


class StoppedError(Exception):
    """The download ended early; the message says why."""


@dataclass(frozen=True)
class File:
    """One file of a repository; `sha256` is empty where the hub tells none (small files)."""

    name: str
    size: int
    sha256: str


def main(name: str, folder: str) -> int:
    """Fetch what is missing; return the exit status."""
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    page = f"{os.environ.get('HF_ENDPOINT', 'https://huggingface.co').rstrip('/')}/{name}"
    try:
        _fetch_all(name, Path(folder))
    except GatedRepoError:
        print(f"The hub does not give it to this token. Accept the licence at {page} first.")
    except RepositoryNotFoundError:
        print(f"The hub has no {name}, or not for this token.")
    except HfHubHTTPError as error:
        print(f"The hub answered with status {error.response.status_code}.")
    except StoppedError as error:
        print(f"The download stopped: {error}.")
    except OSError as error:
        print(f"The download stopped: {error.strerror or type(error).__name__}.")
    except Exception as error:  # the library's HTTP client has errors of its own
        print(f"The download stopped: {type(error).__name__}.")
    else:
        return 0
    return 1


def _fetch_all(name: str, folder: Path) -> None:
    from huggingface_hub import HfApi, hf_hub_url

    found = HfApi(token=_token()).model_info(name, files_metadata=True)
    for file in sorted(_wanted(found.siblings or ()), key=lambda one: one.size):
        if not file.name.startswith("/") and ".." not in Path(file.name).parts:
            address = hf_hub_url(name, file.name, revision=found.sha)
            _fetch(address, file, folder / file.name)


def _wanted(siblings: Any) -> Iterator[File]:
    for one in siblings:
        name = one.rfilename
        if any(fnmatch(name, form) for form in WANTED) and not any(
            fnmatch(name, form) for form in UNWANTED
        ):
            yield File(name, one.size or 0, one.lfs.sha256 if one.lfs else "")


def _fetch(address: str, file: File, target: Path) -> None:
    """Fetch one file, unless it is there. Raises StoppedError, and the library's errors."""
    if target.is_file() and target.stat().st_size == file.size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    print(f"{file.name}: {file.size / 1024**3:.2f} GB", flush=True)
    for again in range(TRIES):
        if again:
            time.sleep(_PAUSE * 2**again)
        if _go_on(address, file, part):
            break
    else:
        raise StoppedError(f"{file.name} broke off {TRIES} times")
    if file.sha256 and _digest(part) != file.sha256:
        part.unlink()
        raise StoppedError(f"{file.name} is not what the hub says it is, and was deleted")
    part.replace(target)


def _go_on(address: str, file: File, part: Path) -> bool:
    """Fetch what is missing of a file; return whether all of it is there now."""
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    have = part.stat().st_size if part.exists() else 0
    if have > file.size:  # of another version of it
        part.unlink()
        have = 0
    if have == file.size > 0:
        return True
    headers = build_hf_headers(token=_token())
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with get_session().stream("GET", address, headers=headers, follow_redirects=True) as answer:
            hf_raise_for_status(answer)
            # A server that knows no ranges begins anew.
            with part.open("ab" if answer.status_code == 206 else "wb") as output:
                _write(answer.iter_bytes(_PIECE), output, file)
                os.fsync(output.fileno())
    except Exception as error:
        if not _is_passing(error):
            raise
    return part.exists() and part.stat().st_size == file.size


def _write(pieces: Iterator[bytes], output: Any, file: File) -> None:
    told = time.monotonic()
    for piece in pieces:
        output.write(piece)
        if time.monotonic() - told > _TOLD_EVERY:
            told = time.monotonic()
            print(f"  {100 * output.tell() / max(1, file.size):.0f} %", flush=True)


def _is_passing(error: Exception) -> bool:
    """Whether an error is the connection's: by the module of it, as the client's name changes."""
    from huggingface_hub.errors import HfHubHTTPError

    return not isinstance(error, OSError | HfHubHTTPError) and "http" in type(error).__module__


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _token() -> str | bool:
    return os.environ.get("HF_TOKEN") or False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
