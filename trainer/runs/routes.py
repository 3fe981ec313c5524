"""/v1/fine-tunes and the download of their weights."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from trainer import samples
from trainer.bodies import read_body
from trainer.errors import invalid, not_found
from trainer.headers import correlation, require_in_time
from trainer.models import MAX_BATCH
from trainer.runs import answers
from trainer.runs.bodies import EstimateBody, TrainingRequest
from trainer.runs.metrics import metrics
from trainer.runs.records import Run
from trainer.runs.weights import FINAL, checksum, weights_path
from trainer.state import base_url, offered, state
from trainer.threads import in_thread


async def create(request: Request) -> Response:
    """POST /fine-tunes: on the disk before the answer leaves."""
    require_in_time(request)
    parts = state(request)
    token = correlation(request)
    training = await read_body(request, TrainingRequest)
    offered(request, training.model)
    run = await parts.runs.create(training, token, parts.engine.training_seconds)
    answer = JSONResponse(answers.job(run, **_context(request, run)))
    parts.runner.accept(run)
    return answer


async def list_runs(request: Request) -> Response:
    """GET /fine-tunes: all of them; Together has no pages here."""
    parts = state(request)
    depths = parts.runner.queue_depths()
    context = {"engine": parts.engine.name, "base": base_url(request)}
    data = [
        answers.job(run, **context, queue_depth=depths.get(run.id, 0)) for run in parts.runs.all()
    ]
    # Several times faster than `json`: there may be thousands of runs.
    return Response(to_json({"data": data}), media_type="application/json")


async def retrieve(request: Request) -> Response:
    """GET /fine-tunes/{id}: with its events."""
    run = _run(request)
    # The run first: its events are read as of this moment, and both must agree.
    answer = answers.full_job(run, **_context(request, run))
    return JSONResponse(answer | {"events": await state(request).runs.events(run)})


async def list_events(request: Request) -> Response:
    """GET /fine-tunes/{id}/events."""
    return JSONResponse({"data": await state(request).runs.events(_run(request))})


async def list_checkpoints(request: Request) -> Response:
    """GET /fine-tunes/{id}/checkpoints."""
    run = _run(request)
    return JSONResponse({"data": answers.checkpoints(run, state(request).runs.folder(run))})


async def list_metrics(request: Request) -> Response:
    """GET /fine-tunes/{id}/metrics: the loss curve, at most 500 points."""
    run = _run(request)
    points = await state(request).runs.losses(run)
    return JSONResponse({"metrics": metrics(run, points, request.query_params)})


async def list_samples(request: Request) -> Response:
    """GET /fine-tunes/{id}/samples (ours): the pictures that were drawn on the way."""
    run = _run(request)
    folder = state(request).runs.folder(run)
    return JSONResponse({"data": answers.sample_list(run, folder, base=base_url(request))})


async def sample(request: Request) -> Response:
    """GET /fine-tunes/{id}/samples/{name} (ours): one of them."""
    run, name = _run(request), request.path_params["name"]
    path = state(request).runs.folder(run) / samples.FOLDER / name
    if samples.parsed(name) is None or not path.is_file():
        raise not_found(f"Sample {name[:40]}")
    return FileResponse(path, media_type="image/jpeg")


async def cancel(request: Request) -> Response:
    """POST /fine-tunes/{id}/cancel: safe to repeat; a run that is over stays as it is."""
    run = _run(request)
    state(request).runner.cancel(run)
    return JSONResponse(answers.job(run, **_context(request, run)))


async def delete(request: Request) -> Response:
    """DELETE /fine-tunes/{id}: stops it where it works, removes photos and weights."""
    run = _run(request)
    await state(request).runner.delete(run)
    return JSONResponse({"message": f"Fine-tune {run.id} was deleted."})


async def supported(request: Request) -> Response:
    """GET /fine-tunes/models/supported."""
    return JSONResponse({"models": list(state(request).engine.models())})


async def limits(request: Request) -> Response:
    """GET /fine-tunes/models/limits?model_name=: its 404 is flat, as documented. Ours:
    `batch_size=`, which `fit` is about."""
    name = request.query_params.get("model_name", "")
    engine = state(request).engine
    model = engine.models().get(name)
    if model is None:
        return JSONResponse({"message": await engine.missing(name)}, status_code=404)
    usual, fit = engine.training_seconds, await engine.fit(name, _batch(request))
    answer = answers.limits(model, engine=engine.name, training_seconds=usual, fit=fit)
    return JSONResponse(answer)


async def estimate_price(request: Request) -> Response:
    """POST /fine-tunes/estimate-price: your own machine costs nothing here."""
    body = await read_body(request, EstimateBody)
    state(request).files.get(body.training_file)
    return JSONResponse(
        {
            "estimation_available": True,
            "allowed_to_proceed": True,
            "estimated_total_price": 0.0,
            "estimated_train_token_count": 0,
            "estimated_eval_token_count": 0,
            "user_limit": 0.0,
            "engine": state(request).engine.name,
        }
    )


async def download(request: Request) -> Response:
    """GET /finetune/download?ft_id=&checkpoint=&checkpoint_step=: streamed, ranges answered."""
    query = request.query_params
    if not query.get("ft_id"):
        raise invalid("ft_id is required.", "ft_id")
    runs = state(request).runs
    run = runs.get(query["ft_id"])
    step = query.get("checkpoint_step", "")
    path = weights_path(run, runs.folder(run), query.get("checkpoint", ""), step)
    final = path.name == FINAL
    sha256 = run.weights_sha256 if final else await in_thread(checksum, path)
    name = f"{run.id}.safetensors" if final else f"{run.id}-{path.name}"
    return FileResponse(
        path,
        filename=name,
        media_type="application/octet-stream",
        headers={"X-Checksum-Sha256": sha256},
    )


def _batch(request: Request) -> int:
    asked = request.query_params.get("batch_size", "1")
    if not asked.isascii() or not asked.isdecimal() or not 1 <= int(asked[:9]) <= MAX_BATCH:
        raise invalid(f"batch_size must be from 1 to {MAX_BATCH}.", "batch_size")
    return int(asked)


def _run(request: Request) -> Run:
    return state(request).runs.get(request.path_params["id"])


def _context(request: Request, run: Run) -> dict[str, Any]:
    parts = state(request)
    return {
        "engine": parts.engine.name,
        "base": base_url(request),
        "queue_depth": parts.runner.queue_depths().get(run.id, 0),
    }


routes = [
    Route("/v1/fine-tunes", create, methods=["POST"]),
    Route("/v1/fine-tunes", list_runs, methods=["GET"]),
    Route("/v1/fine-tunes/models/supported", supported, methods=["GET"]),
    Route("/v1/fine-tunes/models/limits", limits, methods=["GET"]),
    Route("/v1/fine-tunes/estimate-price", estimate_price, methods=["POST"]),
    Route("/v1/fine-tunes/{id}", retrieve, methods=["GET"]),
    Route("/v1/fine-tunes/{id}", delete, methods=["DELETE"]),
    Route("/v1/fine-tunes/{id}/cancel", cancel, methods=["POST"]),
    Route("/v1/fine-tunes/{id}/events", list_events, methods=["GET"]),
    Route("/v1/fine-tunes/{id}/checkpoints", list_checkpoints, methods=["GET"]),
    Route("/v1/fine-tunes/{id}/metrics", list_metrics, methods=["GET"]),
    Route("/v1/fine-tunes/{id}/samples", list_samples, methods=["GET"]),
    Route("/v1/fine-tunes/{id}/samples/{name}", sample, methods=["GET"]),
    Route("/v1/finetune/download", download, methods=["GET"]),
]
