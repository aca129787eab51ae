"""The S3 side of the fault server: one bucket in memory, and what it answers to each call."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

META = "x-amz-meta-"
_KEPT_HEADERS = ("content-type", "content-encoding", "cache-control", "x-amz-storage-class")
_PART = re.compile(rb"<Part>(.*?)</Part>", re.DOTALL)
_NUMBER = re.compile(rb"<PartNumber>(\d+)</PartNumber>")
_ETAG = re.compile(rb'<ETag>(?:"|&quot;|&#34;)?(\w+)(?:"|&quot;|&#34;)?</ETag>')
_OBJECT = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
_UPLOAD = {
    "PUT": "UploadPart",
    "POST": "CompleteMultipartUpload",
    "DELETE": "AbortMultipartUpload",
    "GET": "ListParts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as S3 understands it."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""

    body: bytes = b""

    @classmethod
    def parse(cls, method: str, target: str, headers: Mapping[str, str]) -> "Call":
        """Take a path-style request apart; the body is read later."""
        split = urlsplit(target)
        bucket, _, key = split.path.removeprefix("/").partition("/")
        query = {k: v[0] for k, v in parse_qs(split.query, keep_blank_values=True).items()}
        return cls(method=method, bucket=bucket, key=unquote(key), query=query, headers=headers)

    @property
    def operation(self) -> str:
        """S3's name of the call, such as `PutObject`."""
        if not self.key:
            if self.method == "HEAD":
                return "HeadBucket"
            return "ListMultipartUploads" if "uploads" in self.query else "ListObjectsV2"
        if "uploads" in self.query:
            return "CreateMultipartUpload"
        if "uploadId" in self.query:
            return _UPLOAD.get(self.method, "")
        return _OBJECT.get(self.method, "")

    @property
    def put_id(self) -> str:
        """The put id in the metadata; empty if there is none."""
        return self.headers.get(META + "sealift-id", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object in the bucket."""

    body: bytes
    etag: str = ""
    """Without quotes."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """What a GET or HEAD gives back: content type and encoding, user metadata."""


@dataclass(slots=True, kw_only=True)
class MultipartUpload:
    """An upload that was begun and not yet completed."""

    key: str
    headers: Mapping[str, str]
    parts: dict[int, StoredObject] = field(default_factory=dict)


def error(status: int, code: str, message: str = "scripted") -> Answer:
    """Answer as S3 does when it refuses."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        "<RequestId>FAULT0000000000</RequestId></Error>"
    )
    return Answer(status=status, headers={"Content-Type": "application/xml"}, body=body.encode())


class MemoryBucket:
    """A bucket that keeps the conditions of a put. Not thread-safe: the server holds a lock.

    Args:
        name: The bucket's name.
        region: Where it says to be.
        bare_etags: In `If-Match`, an ETag in quotes never fits, as with Ceph RGW.
    """

    def __init__(self, name: str, region: str, *, bare_etags: bool = False) -> None:
        self._quotes = "" if bare_etags else '"'
        self.name = name
        self.region = region
        self.objects: dict[str, StoredObject] = {}
        self.uploads: dict[str, MultipartUpload] = {}
        self.landings: list[tuple[str, str]] = []
        """Key and put id of every object that was stored, in order."""

    def apply(self, call: Call) -> Answer:
        """Do what *call* asks."""
        if call.bucket != self.name:
            return error(404, "NoSuchBucket")
        do = {
            "HeadBucket": self._head_bucket,
            "ListObjectsV2": self._list_objects,
            "ListMultipartUploads": self._list_uploads,
            "PutObject": self._put,
            "GetObject": self._get,
            "HeadObject": self._get,
            "DeleteObject": self._delete,
            "CreateMultipartUpload": self._create_upload,
        }.get(call.operation, self._multipart)
        return do(call)

    def put(self, key: str, body: bytes, headers: Mapping[str, str] | None = None) -> StoredObject:
        """Store *body* under *key*, whatever is there."""
        kept = {
            name: value
            for name, value in (headers or {}).items()
            if name.startswith(META) or name in _KEPT_HEADERS
        }
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self.objects[key] = StoredObject(body=body, etag=etag, headers=kept)
        self.landings.append((key, kept.get(META + "sealift-id", "")))
        return self.objects[key]

    def _store(self, key: str, call: Call, body: bytes, headers: Mapping[str, str]) -> Answer:
        there = self.objects.get(key)
        wanted = call.headers.get("if-match", "").strip(self._quotes or None)
        if wanted and not there:
            return error(404, "NoSuchKey")
        if there and (call.headers.get("if-none-match") or (wanted and wanted != there.etag)):
            return error(412, "PreconditionFailed")
        return Answer(headers={"ETag": f'"{self.put(key, body, headers).etag}"'})

    def _head_bucket(self, _call: Call) -> Answer:
        return Answer(headers={"x-amz-bucket-region": self.region})

    def _put(self, call: Call) -> Answer:
        return _damage(call) or self._store(call.key, call, call.body, call.headers)

    def _delete(self, call: Call) -> Answer:
        self.objects.pop(call.key, None)
        return Answer(status=204)

    def _get(self, call: Call) -> Answer:
        found = self.objects.get(call.key)
        if not found:
            return error(404, "NoSuchKey")
        headers = {
            **found.headers,
            "ETag": f'"{found.etag}"',
            "Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT",
        }
        return Answer(headers=headers, body=found.body)

    def _create_upload(self, call: Call) -> Answer:
        upload_id = f"upload-{len(self.uploads) + 1}-{len(self.landings)}"
        self.uploads[upload_id] = MultipartUpload(key=call.key, headers=call.headers)
        return _xml(
            "InitiateMultipartUploadResult",
            f"<Bucket>{self.name}</Bucket><Key>{escape(call.key)}</Key>"
            f"<UploadId>{upload_id}</UploadId>",
        )

    def _multipart(self, call: Call) -> Answer:
        upload = self.uploads.get(call.query.get("uploadId", ""))
        if not upload or upload.key != call.key:
            return error(404, "NoSuchUpload")
        match call.operation:
            case "UploadPart":
                return _damage(call) or _add_part(upload, call)
            case "ListParts":
                return _list_parts(upload)
            case "AbortMultipartUpload":
                del self.uploads[call.query["uploadId"]]
                return Answer(status=204)
            case "CompleteMultipartUpload":
                return self._complete(upload, call)
            case _:
                return error(405, "MethodNotAllowed")

    def _complete(self, upload: MultipartUpload, call: Call) -> Answer:
        named = [_named_part(part) for part in _PART.findall(call.body)]
        numbers = [number for number, _ in named]
        known = {number: part.etag for number, part in upload.parts.items()}
        if not named or any(known.get(number) != etag for number, etag in named):
            return error(400, "InvalidPart")
        if numbers != sorted(set(numbers)):
            return error(400, "InvalidPartOrder")
        body = b"".join(upload.parts[number].body for number in numbers)
        answer = self._store(call.key, call, body, upload.headers)
        if answer.status != 200:
            return answer
        del self.uploads[call.query["uploadId"]]
        tag = f"{self.objects[call.key].etag}-{len(numbers)}"
        self.objects[call.key] = StoredObject(
            body=body, etag=tag, headers=self.objects[call.key].headers
        )
        return _xml(
            "CompleteMultipartUploadResult",
            f"<Bucket>{self.name}</Bucket><Key>{escape(call.key)}</Key>"
            f"<ETag>&quot;{tag}&quot;</ETag>",
        )

    def _list_uploads(self, call: Call) -> Answer:
        inner = "".join(
            f"<Upload><Key>{escape(upload.key)}</Key><UploadId>{upload_id}</UploadId></Upload>"
            for upload_id, upload in self.uploads.items()
            if upload.key.startswith(call.query.get("prefix", ""))
        )
        return _xml("ListMultipartUploadsResult", f"<Bucket>{self.name}</Bucket>{inner}")

    def _list_objects(self, call: Call) -> Answer:
        inner = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(found.body)}</Size>"
            f"<ETag>&quot;{found.etag}&quot;</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key, found in sorted(self.objects.items())
            if key.startswith(call.query.get("prefix", ""))
            and key > call.query.get("start-after", "")
        )
        return _xml("ListBucketResult", f"<Name>{self.name}</Name>{inner}")


def _damage(call: Call) -> Answer | None:
    """Refuse a body that is not the one that was signed, as S3 does."""
    signed = call.headers.get("x-amz-content-sha256", "")
    if len(signed) == 64 and signed != hashlib.sha256(call.body).hexdigest():
        return error(400, "XAmzContentSHA256Mismatch")
    digest = hashlib.md5(call.body, usedforsecurity=False).digest()
    promised = call.headers.get("content-md5", "")
    if promised and promised != base64.b64encode(digest).decode():
        return error(400, "BadDigest")
    return None


def _add_part(upload: MultipartUpload, call: Call) -> Answer:
    etag = hashlib.md5(call.body, usedforsecurity=False).hexdigest()
    number = int(call.query["partNumber"])
    upload.parts[number] = StoredObject(body=call.body, etag=etag)
    return Answer(headers={"ETag": f'"{etag}"'})


def _list_parts(upload: MultipartUpload) -> Answer:
    inner = "".join(
        f"<Part><PartNumber>{number}</PartNumber><Size>{len(part.body)}</Size>"
        f"<ETag>&quot;{part.etag}&quot;</ETag></Part>"
        for number, part in sorted(upload.parts.items())
    )
    return _xml("ListPartsResult", f"<Key>{escape(upload.key)}</Key>{inner}")


def _named_part(xml: bytes) -> tuple[int, str]:
    number, etag = _NUMBER.search(xml), _ETAG.search(xml)
    return (int(number[1]), etag[1].decode()) if number and etag else (0, "")


def _xml(root: str, inner: str) -> Answer:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</{root}>'
    )
    return Answer(headers={"Content-Type": "application/xml"}, body=body.encode())
