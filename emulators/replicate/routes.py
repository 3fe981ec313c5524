"""The API's routes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from emulators.replicate import asking
from emulators.replicate.bodies import read_json, read_upload
from emulators.replicate.errors import not_found
from emulators.replicate.models import (
    ACCOUNT,
    HARDWARE,
    PUBLISHED,
    own_version_answer,
)
from emulators.replicate.pages import page
from emulators.replicate.runs import Run, Runs
from emulators.replicate.state import base_url, state

MODEL, VERSION = "/v1/models/{owner}/{name}", "/v1/models/{owner}/{name}/versions/{version}"


async def health(request: Request) -> Response:
    """GET /healthz, without a key."""
    return JSONResponse({"status": "ok", "engine": "simulated"})


async def account(request: Request) -> Response:
    """GET /account."""
    home = base_url(request)
    return JSONResponse(
        {
            "type": "user",
            "username": ACCOUNT,
            "name": ACCOUNT,
            "github_url": home,
            "avatar_url": f"{home}/avatar.png",
        }
    )


async def hardware(request: Request) -> Response:
    """GET /hardware: a bare list."""
    return JSONResponse([{"sku": sku, "name": name} for sku, name in HARDWARE.items()])


async def list_models(request: Request) -> Response:
    """GET /models: the account's own, then those of others."""
    parts, base = state(request).models, base_url(request)
    shown = [parts.model_answer(model, base) for model in parts.own()]
    shown += [parts.published_answer(model, base) for model in PUBLISHED.values()]
    return page(request, shown, lambda one: f"{one['owner']}/{one['name']}", lambda one: one)


async def create_model(request: Request) -> Response:
    """POST /models: a destination for trainings."""
    parts = state(request).models
    model = await parts.create(await read_json(request))
    return JSONResponse(parts.model_answer(model, base_url(request)), 201)


async def get_model(request: Request) -> Response:
    """GET /models/{owner}/{name}."""
    parts, base, name = state(request).models, base_url(request), _name(request)
    if _is_own(request):
        return JSONResponse(parts.model_answer(parts.get_own(name), base))
    return JSONResponse(parts.published_answer(parts.published(name), base))


async def delete_model(request: Request) -> Response:
    """DELETE /models/{owner}/{name}."""
    await state(request).models.delete(_name(request))
    return Response(status_code=204)


async def list_versions(request: Request) -> Response:
    """GET /models/{owner}/{name}/versions."""
    parts, name = state(request).models, _name(request)
    if _is_own(request):
        parts.get_own(name)
        rows = [own_version_answer(one) for one in parts.versions_of(name)]
    else:
        model = parts.published(name)
        rows = [parts.version_answer(model, one) for one in model.versions]
    return page(request, rows, lambda row: str(row["id"]), lambda row: row)


async def get_version(request: Request) -> Response:
    """GET /models/{owner}/{name}/versions/{id}."""
    parts, name, version_id = state(request).models, _name(request), request.path_params["version"]
    if _is_own(request):
        own = parts.own_version(version_id)
        if own is None or own["model"] != name:
            raise not_found()
        return JSONResponse(own_version_answer(own))
    model = parts.published(name)
    version = model.version(version_id)
    if version is None:
        raise not_found()
    return JSONResponse(parts.version_answer(model, version))


async def delete_version(request: Request) -> Response:
    """DELETE /models/{owner}/{name}/versions/{id}: done later."""
    await state(request).models.delete_version(_name(request), request.path_params["version"])
    return Response(status_code=202)


async def create_file(request: Request) -> Response:
    """POST /files, multipart."""
    async with read_upload(request) as upload:
        file = await state(request).files.add(upload)
    return JSONResponse(file.answer(base_url(request)), 201)


async def list_files(request: Request) -> Response:
    """GET /files."""
    base = base_url(request)
    files = state(request).files.newest_first()
    return page(request, files, lambda file: file.id, lambda file: file.answer(base))


async def get_file(request: Request) -> Response:
    """GET /files/{id}: what is known of it. Its bytes are for the trainers."""
    file = state(request).files.get(request.path_params["id"])
    return JSONResponse(file.answer(base_url(request)))


async def delete_file(request: Request) -> Response:
    """DELETE /files/{id}."""
    files = state(request).files
    await files.delete(files.get(request.path_params["id"]).id)
    return Response(status_code=204)


async def create_training(request: Request) -> Response:
    """POST /models/{owner}/{name}/versions/{id}/trainings."""
    parts = state(request)
    run = await asking.training(request)
    await parts.runner.accept(run)
    return JSONResponse(parts.trainings.answer(run, base_url(request), is_new=True), 201)


async def create_prediction(request: Request) -> Response:
    """POST /predictions, or POST /models/{owner}/{name}/predictions for an official model."""
    parts = state(request)
    name = _name(request) if "name" in request.path_params else ""
    run = await asking.prediction(request, name)
    prefer = asking.Prefer.of(request)
    await parts.runner.accept(run)
    if prefer.seconds:
        await parts.runner.wait(run, prefer.seconds)
    status = 202 if prefer.seconds and not run.is_over else 201
    return JSONResponse(parts.predictions.answer(run, base_url(request)), status)


async def list_trainings(request: Request) -> Response:
    """GET /trainings."""
    return _list(request, state(request).trainings)


async def list_predictions(request: Request) -> Response:
    """GET /predictions."""
    return _list(request, state(request).predictions)


async def get_run(request: Request) -> Response:
    """GET /trainings/{id} and /predictions/{id}."""
    runs, run = _run(request)
    return JSONResponse(runs.answer(run, base_url(request)))


async def cancel_run(request: Request) -> Response:
    """POST /trainings/{id}/cancel and /predictions/{id}/cancel: one that is over stays so."""
    runs, run = _run(request)
    await state(request).runner.cancel(run)
    return JSONResponse(runs.answer(run, base_url(request)))


async def webhook_secret(request: Request) -> Response:
    """GET /webhooks/default/secret."""
    return JSONResponse({"key": state(request).webhook_secret})


async def delivery(request: Request) -> Response:
    """GET /delivery/{secret}/{name}: a result, for everybody who knows its address."""
    path, kind = state(request).deliveries.path(**request.path_params)
    return FileResponse(path, media_type=kind)


async def show_run(request: Request) -> Response:
    """GET /p/{id}: where `urls.web` leads."""
    _, run = _run(request)
    return PlainTextResponse(
        f"This is an emulator of Replicate: nothing is really trained or generated.\n"
        f"{run.kind} {run.id} of {run.model}: {run.status}\n"
    )


def _list(request: Request, runs: Runs) -> Response:
    base = base_url(request)
    rows = runs.newest_first()
    return page(request, rows, lambda run: run.id, lambda run: runs.list_answer(run, base))


def _run(request: Request) -> tuple[Runs, Run]:
    """Return the run of an address; a training is also a prediction, as its `urls` say."""
    parts, run_id = state(request), request.path_params["id"]
    training = parts.trainings.find(run_id)
    if training or request.url.path.startswith("/v1/trainings/"):
        return parts.trainings, training or parts.trainings.get(run_id)
    return parts.predictions, parts.predictions.get(run_id)


def _name(request: Request) -> str:
    return "{owner}/{name}".format(**request.path_params)


def _is_own(request: Request) -> bool:
    return bool(request.path_params["owner"] == ACCOUNT)


routes = [
    Route("/healthz", health),
    Route("/v1/account", account),
    Route("/v1/hardware", hardware),
    Route("/v1/models", list_models, methods=["GET"]),
    Route("/v1/models", create_model, methods=["POST"]),
    Route(MODEL, get_model, methods=["GET"]),
    Route(MODEL, delete_model, methods=["DELETE"]),
    Route(f"{MODEL}/predictions", create_prediction, methods=["POST"]),
    Route(f"{MODEL}/versions", list_versions),
    Route(VERSION, get_version, methods=["GET"]),
    Route(VERSION, delete_version, methods=["DELETE"]),
    Route(f"{VERSION}/trainings", create_training, methods=["POST"]),
    Route("/v1/files", list_files, methods=["GET"]),
    Route("/v1/files", create_file, methods=["POST"]),
    Route("/v1/files/{id}", get_file, methods=["GET"]),
    Route("/v1/files/{id}", delete_file, methods=["DELETE"]),
    Route("/v1/trainings", list_trainings),
    Route("/v1/trainings/{id}", get_run),
    Route("/v1/trainings/{id}/cancel", cancel_run, methods=["POST"]),
    Route("/v1/predictions", list_predictions, methods=["GET"]),
    Route("/v1/predictions", create_prediction, methods=["POST"]),
    Route("/v1/predictions/{id}", get_run),
    Route("/v1/predictions/{id}/cancel", cancel_run, methods=["POST"]),
    Route("/v1/webhooks/default/secret", webhook_secret),
    Route("/delivery/{delivery}/{name}", delivery),
    Route("/p/{id}", show_run),
]
