"""/v1/files: the SDK's three-step upload, the simple multipart one, and the rest."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from trainer.bodies import is_text
from trainer.errors import invalid
from trainer.files.store import PURPOSES, FileStore, StoredFile
from trainer.state import base_url, state

CHUNK_BYTES = 256 * 1024


async def announce(request: Request) -> Response:
    """POST /files: 302 to where the bytes go, or 409 with the file that already has them."""
    form = await request.form(max_files=0, max_fields=10)
    name, purpose = _name_and_purpose(form)
    checksum = _text(form, "checksum").lower()
    if checksum and not re.fullmatch(r"[0-9a-f]{64}", checksum):
        raise invalid("checksum must be a sha256 in hex.", "checksum")
    parts = state(request)
    files, known = parts.files, parts.files.same_content(checksum, purpose)
    # One that a run trains on goes with that run: too early for whoever comes now.
    if known and not parts.runs.is_used(known):
        return JSONResponse({"file_id": known.id}, status_code=409)
    file = files.announce(name, purpose, checksum)
    address = f"{base_url(request)}/v1/uploads/{file.upload_token}"
    return Response(status_code=302, headers={"Location": address, "X-Together-File-Id": file.id})


async def receive(request: Request) -> Response:
    """PUT /uploads/{token}: the bytes, raw, without a key."""
    files = state(request).files
    file = files.with_token(request.path_params["token"])
    try:
        await files.receive(file, request.stream())
    except ClientDisconnect:
        raise invalid("The request ended before its body did.") from None
    return Response()


async def preprocess(request: Request) -> Response:
    """POST /files/{id}/preprocess: check the lines that came."""
    files = state(request).files
    file = files.get(request.path_params["id"])
    if file.upload_token:
        raise invalid("The bytes of this file have not come yet.")
    await files.process(file)
    return JSONResponse(file.answer())


async def upload(request: Request) -> Response:
    """POST /files/upload: everything in one multipart body."""
    async with request.form(max_files=1, max_fields=10) as form:
        content = form.get("file")
        if not isinstance(content, UploadFile):
            raise invalid("file is required.", "file")
        name, purpose = _name_and_purpose(form, content.filename or "")
        file = await _store(state(request).files, name, purpose, content)
    return JSONResponse(file.answer())


async def _store(files: FileStore, name: str, purpose: str, content: UploadFile) -> StoredFile:
    file = files.announce(name, purpose, "")
    try:
        await files.receive(file, _chunks(content))
    except BaseException:
        await files.delete(file.id)
        raise
    await files.process(file)
    return file


async def list_files(request: Request) -> Response:
    """GET /files."""
    return JSONResponse({"data": [file.answer() for file in state(request).files.all()]})


async def retrieve(request: Request) -> Response:
    """GET /files/{id}."""
    return JSONResponse(state(request).files.get(request.path_params["id"]).answer())


async def content(request: Request) -> Response:
    """GET /files/{id}/content: the bytes, streamed."""
    path = state(request).files.content(request.path_params["id"])
    return FileResponse(path, media_type="application/octet-stream")


async def delete(request: Request) -> Response:
    """DELETE /files/{id}."""
    file_id = request.path_params["id"]
    await state(request).files.delete(file_id)
    return JSONResponse({"id": file_id, "deleted": True})


def _name_and_purpose(form: FormData, default_name: str = "") -> tuple[str, str]:
    name = _text(form, "file_name") or default_name
    if not name or len(name) > 255 or not is_text(name):
        raise invalid("file_name must have 1 to 255 characters of text.", "file_name")
    purpose = _text(form, "purpose") or "fine-tune"
    if purpose not in PURPOSES:
        raise invalid(f"purpose must be one of {', '.join(PURPOSES)}.", "purpose")
    kind = _text(form, "file_type") or name.rpartition(".")[2].lower()
    if kind != "jsonl":
        raise invalid("This trainer reads files of type jsonl only.", "file_type")
    return name, purpose


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


async def _chunks(content: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await content.read(CHUNK_BYTES):
        yield chunk


routes = [
    Route("/v1/files", announce, methods=["POST"]),
    Route("/v1/files", list_files, methods=["GET"]),
    Route("/v1/files/upload", upload, methods=["POST"]),
    Route("/v1/files/{id}", retrieve, methods=["GET"]),
    Route("/v1/files/{id}", delete, methods=["DELETE"]),
    Route("/v1/files/{id}/content", content, methods=["GET"]),
    Route("/v1/files/{id}/preprocess", preprocess, methods=["POST"]),
    Route("/v1/uploads/{token}", receive, methods=["PUT"]),
]
