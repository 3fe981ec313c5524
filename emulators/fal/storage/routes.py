"""The routes of rest.fal.ai and v3.fal.media that take and give files."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from emulators.fal.accounts import key_id
from emulators.fal.bodies import json_object, origin
from emulators.fal.errors import FalError, not_found
from emulators.fal.parts import parts_of
from emulators.fal.storage.files import address
from emulators.fal.times import iso, lifecycle
from emulators.hosted.records import Json

STORAGE_TYPES = {"fal-cdn-v3", "gcs"}


async def token(request: Request) -> Response:
    """POST /storage/auth/token?storage_type=fal-cdn-v3: a token for uploads."""
    parts = parts_of(request)
    _require_storage_type(request)
    issued, expires_at = parts.tokens.issue(parts.accounts.of(request.headers))
    answer = {"token": issued, "token_type": "Bearer", "base_url": origin(request)}
    return JSONResponse(answer | {"expires_at": iso(expires_at)})


async def upload(request: Request) -> Response:
    """POST /files/upload: the bytes of a file, with an upload token."""
    parts = parts_of(request)
    document = _announced(request, parts.tokens.account_of(request.headers))
    await parts.files.receive(document, request.stream())
    return JSONResponse({"access_url": address(origin(request), document)})


async def initiate(request: Request) -> Response:
    """POST /storage/upload/initiate: an address to PUT a file to, and the one to read it at."""
    parts = parts_of(request)
    _require_storage_type(request)
    account = parts.accounts.of(request.headers)
    body = await json_object(request)
    header = request.headers.get("x-fal-object-lifecycle-preference") or request.headers.get(
        "x-fal-object-lifecycle", ""
    )
    lifetime, acl = lifecycle(header)
    name, kind = str(body.get("file_name") or "file"), str(body.get("content_type") or "")
    document = parts.files.new(account, name, kind, lifetime=lifetime, acl=acl)
    document["token"] = secrets.token_urlsafe(24)
    await parts.files.keep(document)
    upload_url = f"{origin(request)}/storage/upload/{document['id']}?token={document['token']}"
    return JSONResponse({"upload_url": upload_url, "file_url": address(origin(request), document)})


async def put(request: Request) -> Response:
    """PUT the address that `initiate` named: once, the address itself is the permission."""
    parts = parts_of(request)
    document = parts.files.find(request.path_params["file_id"])
    given = request.query_params.get("token", "").encode()
    if document is None or not _is_token(document, given):
        raise not_found("This upload address")
    document["token"] = ""
    await parts.files.receive(document, request.stream())
    return Response()


async def begin_multipart(request: Request) -> Response:
    """POST /files/upload/multipart: begin an upload in parts."""
    parts = parts_of(request)
    document = _announced(request, parts.tokens.account_of(request.headers))
    upload_id = parts.multipart.begin(document)
    answer = {"access_url": address(origin(request), document), "uploadId": upload_id}
    return JSONResponse(answer)


async def put_part(request: Request) -> Response:
    """PUT {access_url}/multipart/{uploadId}/{n}: one part; its ETag is needed at the end."""
    parts, path = parts_of(request), request.path_params
    parts.tokens.account_of(request.headers)
    etag = await parts.multipart.receive(
        path["upload_id"], path["file_id"], path["number"], request.stream()
    )
    return Response(headers={"ETag": etag})


async def complete_multipart(request: Request) -> Response:
    """POST {access_url}/multipart/{uploadId}/complete: put the parts together."""
    parts, path = parts_of(request), request.path_params
    parts.tokens.account_of(request.headers)
    named = (await json_object(request)).get("parts")
    if not isinstance(named, list) or not all(isinstance(part, dict) for part in named):
        raise FalError(400, "parts must be a list of objects", "bad_request")
    document, content = parts.multipart.complete(path["upload_id"], path["file_id"], named)
    await parts.files.receive(document, content)
    await parts.multipart.forget(path["upload_id"])
    return JSONResponse({"access_url": address(origin(request), document)})


async def read(request: Request) -> Response:
    """GET /files/b/{id}/{name}: a file, for everybody whom its ACL does not exclude."""
    parts, path = parts_of(request), request.path_params
    document = parts.files.readable(path["file_id"], path["name"], key_id(request.headers))
    return FileResponse(parts.files.path(document), media_type=document["content_type"])


def _is_token(document: Json, given: bytes) -> bool:
    token = str(document.get("token", "")).encode()
    return bool(token) and secrets.compare_digest(token, given)


def _announced(request: Request, account: str) -> Json:
    headers = request.headers
    lifetime, acl = lifecycle(
        headers.get("x-fal-object-lifecycle")
        or headers.get("x-fal-object-lifecycle-preference", "")
    )
    name = headers.get("x-fal-file-name", "file")
    kind = headers.get("content-type", "")
    return parts_of(request).files.new(account, name, kind, lifetime=lifetime, acl=acl)


def _require_storage_type(request: Request) -> None:
    if request.query_params.get("storage_type", "fal-cdn-v3") not in STORAGE_TYPES:
        raise FalError(400, "Unknown storage_type", "bad_request")


_FILE = "/files/b/{file_id}/{name}"
routes = [
    Route("/storage/auth/token", token, methods=["POST"]),
    Route("/storage/upload/initiate", initiate, methods=["POST"]),
    Route("/storage/upload/{file_id}", put, methods=["PUT"]),
    Route("/files/upload", upload, methods=["POST"]),
    Route("/files/upload/multipart", begin_multipart, methods=["POST"]),
    Route(_FILE + "/multipart/{upload_id}/complete", complete_multipart, methods=["POST"]),
    Route(_FILE + "/multipart/{upload_id}/{number:int}", put_part, methods=["PUT"]),
    Route(_FILE, read, methods=["GET"]),
]
