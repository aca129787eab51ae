"""Writes docs/reference/presigner.md and openapi.json: `python -m tests.presigner.reference`."""

import orjson

from sealift.destinations.presigned_signing import SCHEME, WINDOW_SECONDS, sign
from sealift.presigner.auth_hmac import device_secret
from sealift.presigner.openapi import as_json
from sealift.presigner.options import PresignerOptions
from sealift.presigner.orders import MAX_BATCH, MAX_BODY_BYTES
from sealift.presigner.problems import CODES
from tests.presigner.rig import ITEM_ID, MASTER, NOW, Desk, order, read
from tests.reference import FOLDER, _rows

BODY = b'{"text": "hello"}'

_INTRO = f"""\
# The presigner's wire contract

This page is made from the code by `python -m tests.presigner.reference`; a test compares them.
What it is for and how to run it is in [presigner.md](../presigner.md); the same as OpenAPI is in
[openapi.json](openapi.json), and the service gives it at `/openapi.json`.

Paths may have a prefix, such as a stage: what counts begins at `/ingest/`.
A body is JSON and has at most {MAX_BODY_BYTES:,} bytes; an unknown field is an error.

## `POST /ingest/new`: the full form

`device_id` may be left out where the request proves the device.
`filename`, `content_length`, `sha256` and `md5` are needed. `content_type` is
`application/octet-stream` if it is missing. `content_encoding` (gzip, zstd) and `metadata`
(up to 1,024 bytes of visible ASCII) are optional.

`item_id` is the item's UUIDv7, made by the device once and kept with the item: the key's time and
uuid come from it, so asking again gives the same key. Without it the service makes one, and asking
again gives another key.
"""

_USE = """\

Send the PUT with exactly these `headers` and these bytes, before `expires_at`.

| answer to the PUT | means | do |
|---|---|---|
| 200 with an ETag | stored | done |
| 412 | something is at the key, probably these bytes from an earlier try | ask `/ingest/items` |
| 403, expired | nothing stored | ask for a new URL with the same `item_id` |
| 400 BadDigest | nothing stored, the bytes changed on the way | send again |
| 409, 5xx, or none | unclear | send again; 412 then tells |
"""

_BATCH = f"""\

## `POST /ingest/batch`

`{{"items": [...]}}` with 1 to {MAX_BATCH} items in the full form, without `device_id`, which may
stand beside `items`. The answer has `items` in the same order: for each what `/ingest/new` would
answer, or `{{"problem": {{...}}}}`. One item that is refused does not spoil the others.
"""

_MINIMAL = """\

## `POST /ingest/new`: the minimal form

What old clients send and expect. The URL takes any body until it expires, and may be used more than
once: nothing is known of the bytes to sign. `allow_minimal = false` refuses it.
"""

_ITEMS = """\

## `GET /ingest/items/{item_id}?filename=...`

Tells a device that met a 412 whether the bytes at its key are its own. The service keeps nothing:
it makes the key anew from the device, the id and the file name, and looks at the store.
"""

_STORED = """\

`stored` is true, false, or null. It is null where the store answers 403, as S3 does for an object
that is not there if the role may not list: send the PUT again, and 412 will tell.
`sha256` is what the object's metadata say; compare it.
"""

_PROBLEMS = """\

## Problems

A request that is refused gets problem details (RFC 9457) with a `code` that keeps its meaning.
`retry-after` says how long to wait where waiting helps. No problem holds a URL.
A 401 is the same whatever the reason; the audit has the reason.

| code | status | |
|---|---|---|
"""

_OPTIONS = """\

## Settings

They stand in the section `[presigner]` of a TOML file, or in the environment:
`SEALIFT_PRESIGNER__LIFE_SECONDS=60` sets `life_seconds`. The environment goes over the file.
Secrets never stand in the file: write `{ env = "NAME" }` or `{ file = "path" }`.

| key | type | default | |
|---|---|---|---|
"""


def page() -> str:
    """Make the page."""
    desk = Desk()
    body = {"device_id": "dev001", **order(BODY)}
    full = _pair("POST", "/ingest/new", body, desk.device.new(body)[1])
    minimal = {"device_id": "dev001", "filename": "conversation_123.json"}
    short = read(desk.presigner.answer(desk.device.request("/ingest/new", minimal)))[1]
    short["key"] = short["key"].replace(short["key"][38:74], ITEM_ID)
    short["url"] = "https://inbox.s3.us-west-2.amazonaws.com/uploads/dev001/...&X-Amz-Signature=..."
    stored = {
        "item_id": ITEM_ID,
        "key": short["key"],
        "stored": True,
        "content_length": len(BODY),
        "sha256": order(BODY)["sha256"],
        "etag": "0d1551c6d4f5a836e94de1b2b1aa2471",
    }
    looked = "```http\nGET /ingest/items/" + f"{ITEM_ID}?filename=conversation_123.json\n```\n"
    rows = "".join(
        f"| `{code}` | {status} | {title} |\n" for code, (status, title) in CODES.items()
    )
    problem = _json(desk.device.new({"filename": ".."})[1])
    return "".join(
        (
            *(_INTRO, full, _USE, _BATCH, _MINIMAL, _pair("POST", "/ingest/new", minimal, short)),
            *(_ITEMS, "\n", looked, _json(stored), _STORED, _proving(), _PROBLEMS, rows),
            *("\n", problem, _OPTIONS, *_rows(PresignerOptions)),
        )
    )


def _proving() -> str:
    secret = device_secret(MASTER, "dev001")
    header = sign(
        secret,
        device="dev001",
        method="POST",
        place="/ingest/new",
        body=b'{"filename":"a.json"}',
        now=int(NOW),
        nonce="0123456789abcdef",
    )
    return f"""\

## Proving the device

By default a device signs each request with its own secret, which `sealift presigner token DEVICE`
issues; the secret itself is never sent.

```text
Authorization: {SCHEME} DEVICE:TIME:NONCE:SIGNATURE
```

TIME is seconds since 1970, at most {WINDOW_SECONDS} from the service's clock, which its `Date`
header tells. NONCE is 16 to 64 of `A-Za-z0-9_-`, new for each request. SIGNATURE is HMAC-SHA-256 in
lower-case hexadecimal digits, with the secret's 64 digits as they are for its key, of these seven
lines, joined by one newline and without one at the end:

```text
{SCHEME}
DEVICE
TIME
NONCE
METHOD
PLACE
SHA-256 of the body, in lower-case hexadecimal digits
```

PLACE is the path from `/ingest/` on, and if there is a query a question mark and the query: its
names and values percent-encoded but for `A-Za-z0-9-_.~`, sorted, joined by `=` and `&`.

Example: with the secret `{secret}`,
the request `POST /ingest/new` with the body `{{"filename":"a.json"}}` has the header

```text
Authorization: {header[:78]}
  {header[78:]}
```

on one line. A request that comes twice is refused. `auth = "tokens"` takes `Authorization: Bearer`
with a token from a list of hashes, `auth = "jwt"` with a token of an identity provider.
"""


def _pair(method: str, path: str, sent: object, got: object) -> str:
    return f"\n```http\n{method} {path}\n```\n{_json(sent)}\nanswers\n\n{_json(got)}"


def _json(found: object) -> str:
    text = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    return f"```json\n{text}\n```\n"


def pages() -> dict[str, str]:
    """Make every page."""
    return {"presigner.md": page(), "openapi.json": as_json().decode()}


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
