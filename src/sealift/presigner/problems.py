"""What the presigner answers when it refuses: problem details with codes that stay as they are."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

CODES: Final[Mapping[str, tuple[int, str]]] = {
    "unauthorized": (401, "The request does not prove which device sends it."),
    "device_mismatch": (403, "The body names another device than the request proves."),
    "device_name": (403, "The device's name cannot be part of a key."),
    "not_found": (404, "There is nothing at this path."),
    "method_not_allowed": (405, "The path does not take this method."),
    "body_too_slow": (408, "The request's body did not come in time."),
    "body_too_large": (413, "The request's body is too large."),
    "malformed_json": (400, "The body is no JSON object."),
    "missing_field": (422, "A field is missing."),
    "unknown_field": (422, "A field is not known."),
    "invalid_field": (422, "A field's value is not of the form that it must have."),
    "invalid_filename": (422, "No key can be made from the file name."),
    "minimal_refused": (422, "This service wants the full form: length, sha256, md5."),
    "length_over_limit": (422, "The file is larger than this service takes."),
    "batch_size": (422, "A batch holds from 1 to 100 items."),
    "rate_limited": (429, "The device asks too often."),
    "daily_quota": (429, "The device has used up what it may upload in a day."),
    "internal": (500, "Something unexpected happened in the service."),
    "store_unavailable": (502, "The store did not answer the look-up."),
    "credentials_unavailable": (503, "The service has no credentials to sign with at the moment."),
}
"""Status and title of each code. A code never changes its meaning."""

CONTENT_TYPE: Final = "application/problem+json"


class ProblemError(Exception):
    """A request is refused. Nothing was signed.

    Args:
        code: One of `CODES`.
        detail: What is wrong with this request; no secret, no URL.
        field: The field of the body or the query that it is about.
        retry_after_seconds: How long to wait before the next try; 0 if waiting does
            not help or nobody knows.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        code: str,
        *,
        detail: str = "",
        field: str = "",
        retry_after_seconds: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.field = field
        self.retry_after_seconds = retry_after_seconds
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return CODES[self.code][0]

    def as_details(self) -> dict[str, object]:
        """Give the answer's body.

        Source: https://www.rfc-editor.org/rfc/rfc9457
        """
        status, title = CODES[self.code]
        found: dict[str, object] = {
            "type": f"urn:sealift:presigner:{self.code}",
            "title": title,
            "status": HTTPStatus(status).value,
            "code": self.code,
        }
        if self.detail:
            found["detail"] = self.detail
        if self.field:
            found["field"] = self.field
        return found
