"""Schemas as they are published: one OpenAPI 3.0 document per endpoint."""

from __future__ import annotations

from emulators.fal.catalog.endpoints import Endpoint, Json

NOTE = "EMULATOR: nothing is really trained or generated."
_FILE: Json = {
    "type": "object",
    "required": ["url"],
    "properties": {
        "url": {"type": "string"},
        "content_type": {"type": "string"},
        "file_name": {"type": "string"},
        "file_size": {"type": "integer"},
    },
}


def document(endpoint: Endpoint) -> Json:
    """Return the document of an endpoint; its input is the schema that `checks` goes by."""
    name = "".join(part.title() for part in endpoint.id.replace("/", "-").split("-"))
    return {
        "openapi": "3.0.4",
        "info": {
            "title": f"Queue OpenAPI for {endpoint.id}",
            "version": "1.0.0",
            "description": f"{endpoint.title}. {NOTE}",
            "x-fal-metadata": {"endpointId": endpoint.id, "category": endpoint.category},
        },
        "components": {
            "securitySchemes": {
                "apiKeyAuth": {"type": "apiKey", "in": "header", "name": "Authorization"}
            },
            "schemas": {
                f"{name}Input": input_schema(endpoint),
                f"{name}Output": _output(endpoint),
                "File": _FILE,
            },
        },
        "paths": {f"/{endpoint.id}": {"post": _submit(name)}},
        "servers": [{"url": "https://queue.fal.run"}],
        "security": [{"apiKeyAuth": []}],
    }


def input_schema(endpoint: Endpoint) -> Json:
    """Return the JSON schema of an endpoint's input."""
    return {
        "type": "object",
        "title": f"{endpoint.title} input",
        "properties": dict(endpoint.properties),
        "required": list(endpoint.required),
        "x-fal-order-properties": list(endpoint.properties),
    }


def _submit(name: str) -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}Input"}}}
    return {
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "The request status."}},
    }


def _output(endpoint: Endpoint) -> Json:
    file = {"$ref": "#/components/schemas/File"}
    if endpoint.is_trainer:
        fields: Json = {endpoint.result_field: file, "config_file": file}
    else:
        fields = {
            "images": {"type": "array", "items": file},
            "seed": {"type": "integer"},
            "has_nsfw_concepts": {"type": "array", "items": {"type": "boolean"}},
            "prompt": {"type": "string"},
            "timings": {"type": "object"},
        }
    return {"type": "object", "properties": fields, "required": list(fields)[:1]}
