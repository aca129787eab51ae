"""The presigner as an AWS Lambda function, behind an HTTP API (payload 2.0) or a function URL.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sealift.presigner.exchange import Answer, Request
from sealift.presigner.opening import open_presigner
from sealift.presigner.options import load_options
from sealift.presigner.service import Presigner

_UNREADABLE: Final = b"\xff"


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request, as Lambda calls it.

    Raises:
        ConfigError: The function's environment does not configure a presigner; Lambda
            answers 502 and logs the message.
    """
    answer = _presigner().answer(_request(event))
    return _as_event(answer)


@lru_cache(maxsize=1)
def _presigner() -> Presigner:
    """Make the presigner once for each instance of the function."""
    return open_presigner(load_options(), write_audit=_write)


def _request(event: Mapping[str, Any]) -> Request:
    context = event.get("requestContext") or {}
    http = context.get("http") or {}
    return Request(
        method=str(http.get("method", "")),
        path=str(event.get("rawPath", "")),
        query=str(event.get("rawQueryString") or ""),
        headers={
            str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()
        },
        body=_body(event),
        source=str(http.get("sourceIp", "")),
        authorized_device=_authorized(context.get("authorizer") or {}),
    )


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return _UNREADABLE  # no JSON: it is answered as such


def _authorized(authorizer: Mapping[str, Any]) -> str:
    """Give the device that the API's authorizer vouches for; empty without one.

    That is `device_id` in a Lambda authorizer's context, or `sub` of a JWT authorizer's
    claims.
    """
    from_lambda = (authorizer.get("lambda") or {}).get("device_id", "")
    from_jwt = ((authorizer.get("jwt") or {}).get("claims") or {}).get("sub", "")
    return str(from_lambda or from_jwt)


def _as_event(answer: Answer) -> dict[str, Any]:
    return {
        "statusCode": answer.status,
        "headers": {"content-type": answer.content_type, **answer.headers},
        "body": answer.body.decode(),
        "isBase64Encoded": False,
    }


def _write(lines: bytes) -> None:
    """Write audit lines to the function's log, before the answer leaves."""
    sys.stdout.write(lines.decode())
    sys.stdout.flush()
