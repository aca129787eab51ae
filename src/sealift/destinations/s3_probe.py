"""Tries out what a bucket and its store really do, for `sealift check` and for a paused route."""

import base64
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sealift.destinations.s3_conditions import (
    PROBE_FOLDER,
    STALE_ETAG,
    create,
    remove,
    replace,
)
from sealift.destinations.s3_errors import Answer
from sealift.destinations.s3_look import Eyes
from sealift.errors import AccessDeniedError, SealiftError

_REFUSALS: Final = frozenset({304, 409, 412})
_REFUSED_SKEW_SECONDS: Final = 900.0
"""S3 accepts no request whose clock is further off.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""
_WORRYING_SKEW_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of what `sealift check` reports."""

    name: str
    level: Literal["pass", "warn", "fail"]
    message: str
    hint: str = ""


def knock(eyes: Eyes) -> None:
    """Find out cheaply whether the bucket answers and lets us in.

    Raises:
        PausedError: It does not, and why.
        TransientError: It could not be found out now.
    """
    link = eyes.link
    tried: list[str] = []
    connection = link.connection()
    while answer := eyes.list_nothing(connection):
        mended = link.mended(answer, connection, tried)
        if mended is None:
            break
        connection = mended
    if answer and (answer.status, answer.code) == (403, "AccessDenied"):
        # Who may only write cannot list; a create that is refused or not tells.
        key = f"{link.options.prefix}{PROBE_FOLDER}write"
        answer = create(link, key)
        if answer is None:
            remove(link, key)
        elif answer.status in _REFUSALS:
            answer = None
    if answer:
        doing = f"Knocking at s3://{link.options.bucket}"
        raise link.explain(answer, doing=doing, writing=False)


def probe_bucket(eyes: Eyes) -> list[Finding]:
    """Try out the bucket with a few requests and one small object, which is deleted again.

    Returns:
        One finding for each thing tried, in order. It stops at what makes
        the rest pointless.
    """
    probe = _Probe(eyes)
    findings = []
    try:
        for finding in probe.findings():
            findings.append(finding)
            if finding.level == "fail" and finding.name in {"bucket", "write"}:
                break
    except SealiftError as error:
        findings.append(_failed("store", error))
    return findings


def _failed(name: str, error: SealiftError) -> Finding:
    return Finding(name=name, level="fail", message=error.message, hint=error.hint)


class _Probe:
    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._link = eyes.link
        self._bucket = f"s3://{eyes.link.options.bucket}"
        self._key = f"{eyes.link.options.prefix}{PROBE_FOLDER}{uuid.uuid4().hex}"

    def findings(self) -> Iterator[Finding]:
        yield from self._reached()
        first = create(self._link, self._key)
        if first:
            yield _failed("write", self._explain(first))
            return
        yield Finding(
            name="write", level="pass", message=f"Objects can be put into {self._bucket}."
        )
        try:
            yield self._conditional_create()
            yield from self._head()
            yield self._checksum()
        finally:
            refused = remove(self._link, self._key)
        yield self._delete(refused)

    def _explain(self, answer: Answer) -> SealiftError:
        return self._link.explain(answer, doing=f"Trying out {self._bucket}", writing=False)

    def _reached(self) -> Iterator[Finding]:
        try:
            knock(self._eyes)
        except SealiftError as error:
            yield _failed("bucket", error)
            return
        connection = self._link.connection()
        yield Finding(name="bucket", level="pass", message=f"{self._bucket} answers.")
        wanted = self._link.options.region
        wrong = wanted not in {"", connection.region}
        yield Finding(
            name="region",
            level="warn" if wrong else "pass",
            message=f"{self._bucket} is in {connection.region}.",
            hint=f"Set region = {connection.region!r}." if wrong else "",
        )
        yield self._clock(connection.region)

    def _clock(self, region: str) -> Finding:
        seen = self._link.look(region)
        if seen is None or seen.skew_seconds is None:
            return Finding(name="clock", level="warn", message="The store does not tell its time.")
        off = abs(seen.skew_seconds)
        level: Literal["pass", "warn", "fail"] = "pass"
        if off > _WORRYING_SKEW_SECONDS:
            level = "fail" if off > _REFUSED_SKEW_SECONDS else "warn"
        return Finding(
            name="clock",
            level=level,
            message=f"This machine's clock and the store's are {off:.0f} s apart.",
            hint="" if level == "pass" else "Set this machine's clock, for instance with NTP.",
        )

    def _conditional_create(self) -> Finding:
        second = create(self._link, self._key)
        if second and second.status in _REFUSALS:
            return Finding(
                name="conditional_create",
                level="pass",
                message="An object that exists is not replaced (If-None-Match).",
            )
        allowed = self._link.options.allow_unconditional
        return Finding(
            name="conditional_create",
            level="warn" if allowed else "fail",
            message="The store ignores If-None-Match: a put can replace an object.",
            hint="Sealift looks before it puts." if allowed else "Set allow_unconditional = true.",
        )

    def _head(self) -> Iterator[Finding]:
        try:
            found = self._eyes.look(self._key)
        except AccessDeniedError:
            yield Finding(
                name="head",
                level="warn",
                message="Objects cannot be looked at, so an unclear outcome stays unclear.",
                hint="Let the credentials do s3:GetObject on the prefix.",
            )
            return
        yield Finding(name="head", level="pass", message="Objects can be looked at.")
        kept = found is not None and found.put_id == self._key[-32:]
        yield Finding(
            name="metadata",
            level="pass" if kept else "warn",
            message="User metadata is kept." if kept else "User metadata is lost.",
            hint="" if kept else "Sealift cannot recognise its own objects there.",
        )
        yield self._etag(found.etag if found else "")

    def _etag(self, etag: str) -> Finding:
        name = "etag"
        if not etag:
            return Finding(name=name, level="warn", message="The store gives no ETag.")
        if replace(self._link, self._key, etag):
            stale = replace(self._link, self._key, STALE_ETAG)
            return Finding(
                name=name,
                level="warn" if stale else "pass",
                message="The store ignores If-Match: aggregates are not safe there."
                if stale
                else "If-Match works with the ETag as it is given.",
            )
        works = replace(self._link, self._key, etag.strip('"'))
        return Finding(
            name=name,
            level="pass" if works else "warn",
            message="If-Match works only with an ETag without quotes."
            if works
            else "If-Match does not work: aggregates are not possible there.",
        )

    def _checksum(self) -> Finding:
        """Send a wrong Content-MD5: a store that checks answers 400."""
        from sealift.destinations.s3_client import PartsClient, RefusedError  # noqa: PLC0415

        wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
        client = PartsClient(self._link)
        try:
            client.call("put_object", Key=self._key, Body=b"bytes", ContentMD5=wrong)
        except RefusedError as refused:
            if refused.answer.status == 400:
                return Finding(
                    name="checksum",
                    level="pass",
                    message="Bytes that changed on the way are refused.",
                )
            return _failed("checksum", self._explain(refused.answer))
        finally:
            client.close()
        return Finding(
            name="checksum",
            level="warn",
            message="The store takes bytes that changed on the way.",
            hint='Set verify = "read-back".',
        )

    def _delete(self, refused: Answer | None) -> Finding:
        if refused is None:
            return Finding(name="delete", level="pass", message="The probe's object was deleted.")
        return Finding(
            name="delete",
            level="warn",
            message=f"The probe's object stays at {self._bucket}/{self._key}: "
            "it may not be deleted.",
            hint="Sealift needs no right to delete; remove it by hand, or let it be.",
        )
