"""Asks a presigner for URLs, in its present form or in the one that old presigners take."""

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlsplit

import orjson

from sealift.destinations.presigned_answers import (
    not_understood,
    problem_of,
    refusal,
    refused,
    unreachable,
)
from sealift.destinations.presigned_grants import (
    Grant,
    Wanted,
    check_device,
    check_granted,
    good_until,
    headers_of,
)
from sealift.destinations.presigned_link import HttpAnswer, Link, NoAnswerError
from sealift.destinations.presigned_options import PresignedOptions
from sealift.destinations.presigned_signing import canonical_query, place_of, sign
from sealift.destinations.s3_options import encode_metadata
from sealift.errors import ItemError, NotSentError, SealiftError

MAX_BATCH: Final = 100
"""Most items of one request."""

Form = Literal["", "batch", "single", "minimal"]
"""How the presigner is asked: many at once, one by one, or as old ones take it; empty if unknown.

Old presigners make a new key for each request; the others make an item's key of its id.
"""


class _UnknownFormError(Exception):
    """The presigner does not know this form of asking."""

    def __init__(self, answer: HttpAnswer) -> None:
        super().__init__()
        self.answer = answer


class PresignerClient:
    """Asks for URLs and look-ups; safe to use from many threads.

    Args:
        options: Checked options.
        link: Sends the requests.
        clock: Seconds since 1970.
        random: Gives so many random bytes.
    """

    def __init__(
        self,
        options: PresignedOptions,
        link: Link,
        *,
        clock: Callable[[], float],
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        split = urlsplit(options.url)
        self._options = options
        self._link = link
        self._clock = clock
        self._random = random
        self._origin = f"{split.scheme}://{split.netloc}"
        self._path = split.path or "/"
        self._query = parse_qsl(split.query, keep_blank_values=True)
        self._has_batch = self._path.endswith("/new")
        self._root = self._path.removesuffix("new")
        self.form: Form = "" if options.form == "auto" else options.form
        self.skew_seconds: float | None = None
        """This machine's clock minus the presigner's, to a second or so; None before it said."""

    def ask(self, wanted: Sequence[Wanted]) -> list[Grant | SealiftError]:
        """Ask for a URL for each item; what is refused has an error in its place.

        Raises:
            SealiftError: None was given. Nothing was sent of any item.
        """
        if self._has_batch and self.form in {"", "batch"}:
            try:
                return self._ask_batch(wanted)
            except _UnknownFormError as unknown:
                if self.form == "batch":
                    raise refusal(unknown.answer, self.skew_seconds) from None
        if len(wanted) == 1:
            return [self._ask_one(wanted[0])]
        found: list[Grant | SealiftError] = []
        for one in wanted:
            try:
                found.append(self._ask_one(one))
            except SealiftError as error:
                found.append(error)
        return found

    def look(self, item_id: str, filename: str) -> Mapping[str, Any]:
        """Ask whether an item is stored; the answer is as the presigner's reference has it.

        Raises:
            SealiftError: It could not be found out.
        """
        query = [("filename", filename)]
        if self._options.device_id:
            query.append(("device_id", self._options.device_id))
        answer = self._send("GET", f"{self._root}items/{item_id}", query)
        if answer.status != 200:
            raise refusal(answer, self.skew_seconds)
        found = _json_object(answer)
        if not _is_look(found):
            raise not_understood(answer)
        return found

    def _ask_batch(self, wanted: Sequence[Wanted]) -> list[Grant | SealiftError]:
        body: dict[str, Any] = {"items": [_full(one) for one in wanted]}
        if self._options.device_id:
            body["device_id"] = self._options.device_id
        asked_at = self._clock()
        answer = self._send("POST", f"{self._root}batch", [], orjson.dumps(body))
        items = self._understood(answer, learned=self.form == "batch").get("items")
        if not isinstance(items, list) or len(items) != len(wanted):
            raise _UnknownFormError(answer)
        self.form = "batch"
        found: list[Grant | SealiftError] = []
        for one, item in zip(wanted, items, strict=True):
            if isinstance(item, dict) and isinstance(item.get("problem"), dict):
                found.append(refused(item["problem"]))
            else:
                try:
                    found.append(self._grant(one, item, asked_at, answer))
                except ItemError as error:
                    found.append(error)
        return found

    def _ask_one(self, wanted: Wanted) -> Grant:
        if self.form != "minimal":
            try:
                return self._ask_new(wanted, _full(wanted))
            except _UnknownFormError:
                pass  # so much is too much for an old one
        try:
            return self._ask_new(wanted, {"filename": wanted.filename})
        except _UnknownFormError as unknown:
            raise refusal(unknown.answer, self.skew_seconds) from None

    def _ask_new(self, wanted: Wanted, body: dict[str, Any]) -> Grant:
        if self._options.device_id:
            body["device_id"] = self._options.device_id
        asked_at = self._clock()
        answer = self._send("POST", self._path, self._query, orjson.dumps(body))
        if answer.status in {400, 422} and not problem_of(answer):
            raise _UnknownFormError(answer)
        found = self._understood(answer, learned=True)
        grant = self._grant(wanted, found, asked_at, answer)
        # An old one may take the full form, and make nothing of it.
        self.form = "single" if wanted.put_id in grant.key else "minimal"
        return grant

    def _understood(self, answer: HttpAnswer, *, learned: bool) -> Mapping[str, Any]:
        """Read an answer that gives something.

        Args:
            answer: The answer.
            learned: It is known that the presigner knows this form of asking.
        """
        if answer.status == 200:
            found = _json_object(answer)
            if found:
                return found
            raise not_understood(answer)
        problem = problem_of(answer)
        if problem.get("code") == "minimal_refused":
            self.form = "" if self._options.form == "auto" else self._options.form
        ours = problem or answer.status in {401, 407, 429} or answer.is_html
        if not (learned or ours or 300 <= answer.status < 400):
            raise _UnknownFormError(answer)
        raise refusal(answer, self.skew_seconds)

    def _grant(self, wanted: Wanted, item: object, asked_at: float, answer: HttpAnswer) -> Grant:
        match item:
            case {"url": str(url), "key": str(key), **rest} if key and self._may_use(url):
                pass
            case _:
                raise not_understood(answer)
        if rest.get("item_id", wanted.put_id) != wanted.put_id:
            raise NotSentError("The presigner answered for another item than was asked for.")
        if self._options.secret and "item_id" in rest:
            check_device(key, self._options.device_id)
        check_granted(url, key)
        return Grant(
            wanted=wanted,
            key=key,
            url=url,
            headers=headers_of(rest.get("headers"), wanted),
            asked_at=asked_at,
            good_until=good_until(
                url,
                rest.get("expires_at"),
                asked_at=asked_at,
                server_time=answer.date,
                longest=self._options.url_life_seconds,
            ),
        )

    def _may_use(self, url: str) -> bool:
        """Tell whether *url* is one; what is asked for over TLS is not sent without it."""
        secure = self._origin.startswith("https")
        return url.startswith("https://" if secure else ("https://", "http://"))

    def _send(
        self, method: str, path: str, query: Sequence[tuple[str, str]], body: bytes = b""
    ) -> HttpAnswer:
        written = canonical_query(list(query))
        target = path + (f"?{written}" if written else "")
        place = place_of(path) + (f"?{written}" if written else "")
        headers = self._credentials(method, place, body)
        if body:
            headers.append(("content-type", "application/json"))
        try:
            answer = self._link.send(
                method,
                self._origin + target,
                headers=headers,
                body=body or None,
                seconds=self._options.timeout_seconds,
            )
        except NoAnswerError as error:
            raise unreachable(error.trouble) from None
        if (date := answer.date) is not None:
            self.skew_seconds = self._clock() - date
        return answer

    def _credentials(self, method: str, place: str, body: bytes) -> list[tuple[str, str]]:
        options = self._options
        if options.token:
            return [("authorization", f"Bearer {options.token}")]
        if not options.secret:
            return []
        nonce = urlsafe_b64encode(self._random(18)).decode()
        signed = sign(
            options.secret,
            device=options.device_id,
            method=method,
            place=place,
            body=body,
            now=int(self._clock()),
            nonce=nonce,
        )
        return [("authorization", signed)]


def _full(wanted: Wanted) -> dict[str, Any]:
    """Write an item in the full form."""
    found: dict[str, Any] = {
        "filename": wanted.filename,
        "item_id": wanted.put_id,
        "content_type": wanted.content_type,
        "content_length": wanted.size,
        "sha256": wanted.sha256,
        "md5": wanted.md5,
    }
    if wanted.content_encoding:
        found["content_encoding"] = wanted.content_encoding
    if wanted.metadata:
        found["metadata"] = {k: encode_metadata(v) for k, v in wanted.metadata.items()}
    return found


def _is_look(found: Mapping[str, Any]) -> bool:
    size = found.get("content_length")
    return (
        found.get("stored", "") in {True, False, None}
        and all(isinstance(found.get(name, ""), str) for name in ("key", "sha256", "etag"))
        and (size is None or isinstance(size, int))
    )


def _json_object(answer: HttpAnswer) -> dict[str, Any]:
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
