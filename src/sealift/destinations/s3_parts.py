"""Stores a large body in parts, and goes on where an earlier try stopped."""

import hashlib
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from sealift.destinations.base import Part, PartLog, Stored, Upload
from sealift.destinations.s3_client import PartsClient, RefusedError
from sealift.destinations.s3_errors import Answer, rule_for
from sealift.destinations.s3_look import Eyes
from sealift.destinations.s3_options import MAX_PARTS, MIB
from sealift.destinations.s3_pieces import PartMemory, pieces
from sealift.destinations.s3_rules import DAMAGED, UNSUPPORTED
from sealift.errors import (
    AccessDeniedError,
    AlreadyThereError,
    NotSentError,
    OutcomeUnknownError,
    PermanentError,
    SealiftError,
    SourceChangedError,
    TransientError,
)
from sealift.sealing.parcel import Parcel

_TRIES: Final = 3
"""How often one part is sent: repeating it replaces it, so its outcome may be unclear."""

_HEADERS: Final = {
    "Content-Type": "ContentType",
    "Content-Encoding": "ContentEncoding",
    "Storage-Class": "StorageClass",
}


_GONE: Final = "NoSuchUpload"
"""The store no longer knows the upload: it was completed, aborted or expired."""


class PartsUpload:
    """One try to store a large parcel under its key."""

    def __init__(
        self,
        client: PartsClient,
        eyes: Eyes,
        key: str,
        parcel: Parcel,
        attributes: dict[str, str],
        *,
        create: bool,
        log: PartLog | None,
    ) -> None:
        self._client = client
        self._link = client.link
        self._options = client.link.options
        self._eyes = eyes
        self._key = key
        self._parcel = parcel
        self._attributes = attributes
        self._create = create
        self._log: PartLog = log or PartMemory()
        self._doing = f"Putting in parts into s3://{self._options.bucket}"

    def run(self) -> Stored:
        """Store the parcel, resuming what the log remembers.

        Raises:
            SealiftError: As `Destination.put`. After a transient one the parts
                that arrived are kept for the next try; otherwise they are aborted.
        """
        if self._create and self._is_there():
            raise AlreadyThereError(f"{self._doing}: an object is already under the key.")
        try:
            try:
                return self._go()
            except RefusedError as refused:
                if refused.answer.code != _GONE:
                    raise
            return self._anew()
        except RefusedError as refused:
            error = self._link.explain(refused.answer, doing=self._doing, writing=False)
            if isinstance(error, PermanentError):
                self._abort()
            raise error from None
        except (PermanentError, SourceChangedError):
            self._abort()
            raise

    def _anew(self) -> Stored:
        """Begin again, unless it was a Complete that made the upload disappear."""
        self._log.clear()
        if self._is_there():
            raise OutcomeUnknownError(f"{self._doing}: the upload is gone, an object is there.")
        return self._go()

    def _is_there(self) -> bool:
        try:
            return self._eyes.look(self._key) is not None
        except AccessDeniedError:
            # A role that may only write: the condition on Complete decides.
            return False

    def _go(self) -> Stored:
        upload = self._log.load() or self._begin()
        parts = self._send(upload)
        etag = self._complete(upload.upload_id, parts)
        self._log.clear()
        return self._seen(etag)

    def _begin(self) -> Upload:
        size = self._options.part_bytes
        # Whole MiB, so that 10,000 parts are enough.
        needed = -(-self._parcel.size // MAX_PARTS)
        part_bytes = max(size, -(-needed // MIB) * MIB)
        made = self._client.call("create_multipart_upload", Key=self._key, **self._headers())
        upload = Upload(upload_id=str(made["UploadId"]), part_bytes=part_bytes)
        self._log.begin(upload.upload_id, part_bytes)
        return upload

    def _headers(self) -> dict[str, Any]:
        headers: dict[str, Any] = {
            name: self._attributes[header]
            for header, name in _HEADERS.items()
            if header in self._attributes
        }
        headers["Metadata"] = {k: v for k, v in self._attributes.items() if k not in _HEADERS}
        if self._options.tags:
            headers["Tagging"] = urlencode(self._options.tags)
        if self._options.sse:
            headers["ServerSideEncryption"] = self._options.sse
        if self._options.sse_kms_key_id:
            headers["SSEKMSKeyId"] = self._options.sse_kms_key_id
        return headers

    def _send(self, upload: Upload) -> list[Part]:
        """Send every part that the log does not vouch for; never more in memory than set."""
        kept = {part.number: part for part in upload.parts}
        parts: dict[int, Part] = {}
        whole = hashlib.sha256()
        under_way: set[Future[Part]] = set()
        limit = self._options.part_concurrency
        with ThreadPoolExecutor(limit, thread_name_prefix="sealift-part") as pool:
            for number, piece in enumerate(pieces(self._parcel.body, upload.part_bytes), start=1):
                whole.update(piece)
                sha256 = hashlib.sha256(piece).hexdigest()
                part = kept.get(number)
                if part and (part.size, part.sha256) == (len(piece), sha256):
                    parts[number] = part
                    continue
                under_way.add(pool.submit(self._send_part, upload.upload_id, number, piece, sha256))
                if len(under_way) == limit:
                    under_way = self._harvest(under_way, parts)
            while under_way:
                under_way = self._harvest(under_way, parts)
        if whole.hexdigest() != self._parcel.sha256:
            raise SourceChangedError(
                f"{self._doing}: the file is no longer what was sealed.",
                hint="It is sealed and sent again once it is still.",
            )
        return [parts[number] for number in sorted(parts)]

    def _harvest(self, under_way: set[Future[Part]], parts: dict[int, Part]) -> set[Future[Part]]:
        """Wait for a part; remember those that arrived even if another failed."""
        done, rest = wait(under_way, return_when=FIRST_COMPLETED)
        failure: BaseException | None = None
        for future in done:
            if error := future.exception():
                failure = error
                continue
            part = future.result()
            self._log.add(part)
            parts[part.number] = part
        if failure:
            for future in wait(rest).done:
                if not future.exception():
                    self._log.add(future.result())
            raise failure
        return rest

    def _send_part(self, upload_id: str, number: int, piece: bytearray, sha256: str) -> Part:
        for tries_left in range(_TRIES - 1, -1, -1):
            try:
                answer = self._client.call(
                    "upload_part",
                    Key=self._key,
                    UploadId=upload_id,
                    PartNumber=number,
                    Body=piece,
                )
            except RefusedError as refused:
                if tries_left and _may_pass(refused.answer):
                    continue
                raise
            if etag := answer.get("ETag"):
                return Part(number=number, size=len(piece), etag=etag, sha256=sha256)
        raise RefusedError(Answer(trouble="no-etag"))

    def _complete(self, upload_id: str, parts: list[Part]) -> str:
        """Make the object of its parts, only if nothing is there."""
        listed = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        finish = partial(
            self._client.call,
            "complete_multipart_upload",
            Key=self._key,
            UploadId=upload_id,
            MultipartUpload={"Parts": listed},
        )
        try:
            try:
                made = finish(IfNoneMatch="*") if self._create else finish()
            except RefusedError as refused:
                if not (self._create and _knows_no_condition(refused.answer)):
                    raise
                # The store knows no condition here, so the look must be a fresh one.
                if self._is_there():
                    raise RefusedError(Answer(status=412)) from None
                made = finish()
        except RefusedError as refused:
            raise self._not_completed(refused.answer) from None
        return str(made.get("ETag", ""))

    def _not_completed(self, answer: Answer) -> SealiftError:
        """Explain a failed Complete, and drop an upload that can never be completed."""
        if answer.code == _GONE:
            self._log.clear()
        elif answer.status in {409, 412}:
            # An object is there, or S3 wants the upload begun anew.
            self._abort()
        return self._link.explain(answer, doing=self._doing, writing=True)

    def _seen(self, etag: str) -> Stored:
        """Look whether the whole object is there."""
        try:
            found = self._eyes.look(self._key)
        except AccessDeniedError:
            return Stored(etag=etag)
        if found is None or found.size != self._parcel.size:
            raise OutcomeUnknownError(
                f"{self._doing}: the store says it is complete, but shows something else."
            )
        return Stored(etag=found.etag or etag)

    def _abort(self) -> None:
        """Let the store forget the parts; if that fails the log still knows the upload."""
        upload = self._log.load()
        if upload is None:
            return
        try:
            abort(self._client, self._key, upload.upload_id)
        except SealiftError:
            return
        self._log.clear()


def _may_pass(answer: Answer) -> bool:
    """Whether the same part may go through at once."""
    passing = (OutcomeUnknownError, NotSentError, TransientError)
    return answer.code in DAMAGED or (answer.code != _GONE and rule_for(answer).error in passing)


def _knows_no_condition(answer: Answer) -> bool:
    return answer.code in UNSUPPORTED or answer.status == 501


def abort(client: PartsClient, key: str, upload_id: str) -> None:
    """Abort an upload; one that is gone already is fine.

    Raises:
        TransientError: It may still be there.
    """
    try:
        client.call("abort_multipart_upload", Key=key, UploadId=upload_id)
    except RefusedError as refused:
        if refused.answer.code != _GONE:
            doing = f"Aborting an upload to s3://{client.link.options.bucket}"
            raise client.link.explain(refused.answer, doing=doing, writing=False) from None
