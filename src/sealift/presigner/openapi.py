"""The OpenAPI description of the service, made from what the code checks."""

from typing import Any, Final

import orjson

from sealift.presigner import orders
from sealift.presigner.keys import DEVICE, ITEM_ID, MAX_FILENAME_BYTES
from sealift.presigner.problems import CODES, CONTENT_TYPE

_JSON: Final = "application/json"
_POSTED: Final = (
    *("malformed_json", "unauthorized", "device_mismatch", "body_too_slow", "body_too_large"),
    *("missing_field", "rate_limited", "internal", "credentials_unavailable"),
)
_STAGES: Final = {
    "new": _POSTED,
    "batch": _POSTED,
    "item": (
        *("unauthorized", "device_mismatch", "missing_field", "rate_limited", "internal"),
        *("store_unavailable", "credentials_unavailable"),
    ),
}


def describe() -> dict[str, Any]:
    """Make the description. Source: https://spec.openapis.org/oas/v3.1.0."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sealift presigner",
            "version": "1",
            "description": "Gives devices that hold no AWS credentials URLs for one upload each.",
        },
        "paths": {
            "/ingest/new": {"post": _new()},
            "/ingest/batch": {"post": _batch()},
            "/ingest/items/{item_id}": {"get": _item()},
        },
        "components": {
            "schemas": {
                "Minimal": _minimal(),
                "Item": _full(),
                "Full": _full(with_device=True),
                "Upload": _upload(),
                "Problem": _problem(),
            },
            "securitySchemes": {
                "hmac": {
                    "type": "http",
                    "scheme": "Sealift-HMAC-SHA256",
                    "description": "A signature with the device's own secret; see the reference.",
                },
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"hmac": []}, {"bearer": []}],
    }


def as_json() -> bytes:
    """Write the description."""
    return orjson.dumps(describe(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _new() -> dict[str, Any]:
    return {
        "operationId": "new",
        "summary": "Get a URL for one file",
        "requestBody": _body({"oneOf": [_ref("Minimal"), _ref("Full")]}),
        "responses": {
            "200": _answer("The URL; for the minimal form no more than `url` and `key`.", {
                "oneOf": [_ref("Upload"), _only_url()],
            }),
            **_problems("new"),
        },
    }  # fmt: skip


def _batch() -> dict[str, Any]:
    items = {"type": "array", "minItems": 1, "maxItems": orders.MAX_BATCH}
    failed = _object({"problem": _ref("Problem")}, ["problem"])
    asked = {"anyOf": [_ref("Item"), {"description": "All else gets a problem in its place."}]}
    return {
        "operationId": "batch",
        "summary": "Get URLs for up to 100 files",
        "requestBody": _body(
            _object({"device_id": _device(), "items": {**items, "items": asked}}, ["items"])
        ),
        "responses": {
            "200": _answer(
                "For each item, in order: its URL, or why it has none.",
                _object(
                    {"items": {**items, "items": {"oneOf": [_ref("Upload"), failed]}}}, ["items"]
                ),
            ),
            **_problems("batch"),
        },
    }


def _item() -> dict[str, Any]:
    stored = {
        "item_id": _item_id(),
        "key": {"type": "string"},
        "stored": {
            "type": ["boolean", "null"],
            "description": "null: the store does not tell whether it is there.",
        },
        "content_length": {"type": ["integer", "null"]},
        "sha256": {"type": "string"},
        "etag": {"type": "string"},
    }
    return {
        "operationId": "item",
        "summary": "Ask whether an item's object is there, after a 412",
        "parameters": [
            _parameter("item_id", "path", _item_id()),
            _parameter("filename", "query", _filename()),
            {**_parameter("device_id", "query", _device()), "required": False},
        ],
        "responses": {
            "200": _answer("What is there.", _object(stored, ["item_id", "key", "stored"])),
            **_problems("item"),
        },
    }


def _minimal() -> dict[str, Any]:
    return _object({"device_id": _device(), "filename": _filename()}, ["filename"])


def _full(*, with_device: bool = False) -> dict[str, Any]:
    fields = {
        "filename": _filename(),
        "item_id": _item_id(),
        "content_length": {"type": "integer", "minimum": 0, "maximum": orders.MAX_LENGTH},
        "sha256": _pattern(orders.SHA256.pattern, "Of the body."),
        "md5": _pattern(orders.MD5.pattern, "Of the body."),
        "content_type": _pattern(orders.MEDIA_TYPE.pattern, "Default: application/octet-stream."),
        "content_encoding": {"enum": ["gzip", "zstd"]},
        "metadata": {
            "type": "object",
            "propertyNames": {"pattern": f"^(?!(sealift-id|sha256)$)({orders.META_NAME.pattern})$"},
            "additionalProperties": _pattern(orders.META_VALUE.pattern, "Visible ASCII."),
            "description": "User metadata of the object, at most "
            f"{orders.MAX_METADATA_BYTES} bytes in all.",
        },
    }
    if with_device:
        fields = {"device_id": _device(), **fields}
    return _object(fields, ["filename", "content_length", "sha256", "md5"])


def _upload() -> dict[str, Any]:
    return _object(
        {
            "url": {"type": "string", "format": "uri"},
            "key": {"type": "string"},
            "headers": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "Send exactly these with the PUT.",
            },
            "expires_at": {"type": "string", "format": "date-time"},
            "item_id": _item_id(),
        },
        ["url", "key", "headers", "expires_at", "item_id"],
    )


def _only_url() -> dict[str, Any]:
    return _object({"url": {"type": "string"}, "key": {"type": "string"}}, ["url", "key"])


def _problem() -> dict[str, Any]:
    return _object(
        {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"enum": sorted(CODES)},
            "detail": {"type": "string"},
            "field": {"type": "string"},
        },
        ["type", "title", "status", "code"],
    )


def _problems(operation: str) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    wrong = ("device_name", "unknown_field", "invalid_field", "invalid_filename")
    for code in (*_STAGES[operation], *wrong, "length_over_limit", "batch_size", "daily_quota"):
        by_status.setdefault(str(CODES[code][0]), []).append(code)
    return {
        status: {
            "description": f"Refused: {', '.join(codes)}.",
            "content": {CONTENT_TYPE: {"schema": _ref("Problem")}},
        }
        for status, codes in sorted(by_status.items())
    }


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _pattern(pattern: str, about: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^({pattern})$", "description": about}


def _device() -> dict[str, Any]:
    about = "Must be the device that the request proves; may be left out then."
    return _pattern(DEVICE.pattern, about)


def _item_id() -> dict[str, Any]:
    return _pattern(ITEM_ID.pattern, "UUIDv7 that the device made.")


def _filename() -> dict[str, Any]:
    return {
        "type": "string",
        "minLength": 1,
        "pattern": "^(?!\\.{1,2}$)[^/]+$",
        "description": f"Name without folders, at most {MAX_FILENAME_BYTES} UTF-8 bytes.",
    }


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": schema}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {_JSON: {"schema": schema}}}


def _answer(about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {_JSON: {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
