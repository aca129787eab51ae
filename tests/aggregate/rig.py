"""A store in memory that loses answers and kills on demand, and processes without threads."""

import hashlib
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sealift.aggregate.compactor import Compactor
from sealift.aggregate.days import Days
from sealift.aggregate.flushing import Flusher, Landing
from sealift.aggregate.journal import Journal, Pending
from sealift.aggregate.options import AggregateOptions
from sealift.aggregate.parts import Parts
from sealift.aggregate.payload import Profile
from sealift.aggregate.slots import take_free_slot
from sealift.destinations.base import Found
from sealift.destinations.s3_options import S3Options
from sealift.destinations.versioned import Listed, Version
from sealift.errors import AlreadyThereError, ChangedMeanwhileError, OutcomeUnknownError
from sealift.sealing.parcel import Parcel

DATE = "2026-11-22"
KEY = "p/2026-11-22_segments.json"


class Killed(BaseException):
    """The process ended here."""


class MemoryVersions:
    """A store that keeps objects in a dict, and does what it is told between calls."""

    name = "memory"
    prefix = "p/"

    def __init__(self) -> None:
        self.objects: dict[str, tuple[Version, float]] = {}
        self.conditions = True
        self.now = 1_800_000_000.0
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda op, key: None
        """Is called before each call; may raise."""
        self.after: Callable[[str, str], None] = lambda op, key: None
        """Is called when it has taken effect; what it raises is all that the caller gets."""
        self._lock = threading.Lock()

    def conditions_hold(self) -> bool:
        return self.conditions

    def head(self, key: str) -> Found | None:
        version = self._call("head", key, lambda: self._get(key))
        if version is None:
            return None
        sha256 = hashlib.sha256(version.body).hexdigest()
        return Found(size=len(version.body), etag=version.etag, sha256=sha256)

    def read(self, key: str) -> Version | None:
        return self._call("read", key, lambda: self._get(key))

    def create(self, key: str, parcel: Parcel, *, put_id: str) -> str:
        def effect() -> str:
            if key in self.objects:
                raise AlreadyThereError(key)
            return self._set(key, parcel, put_id)

        return self._call("create", key, effect)

    def replace(self, key: str, parcel: Parcel, *, put_id: str, etag: str) -> str:
        def effect() -> str:
            found = self._get(key)
            if found is None or found.etag != etag:
                raise ChangedMeanwhileError(key)
            return self._set(key, parcel, put_id)

        return self._call("replace", key, effect)

    def overwrite(self, key: str, parcel: Parcel, *, put_id: str) -> str:
        return self._call("overwrite", key, lambda: self._set(key, parcel, put_id))

    def delete(self, key: str) -> None:
        self._call("delete", key, lambda: self.objects.pop(key, None))

    def list(self, prefix: str) -> Iterator[Listed]:
        assert prefix.endswith("/")
        found = self._call("list", prefix, lambda: sorted(self.objects.items()))
        for key, (version, modified) in found:
            if key.startswith(prefix):
                yield Listed(key=key, size=len(version.body), etag=version.etag, modified=modified)

    def url(self, key: str) -> str:
        return f"memory://{key}"

    def close(self) -> None:
        pass

    def put_raw(self, key: str, body: bytes) -> None:
        """Somebody else puts."""
        self._set(key, Parcel(body=body, size=len(body), sha256=""), "")

    def json(self, key: str = KEY) -> Any:
        return json.loads(self.objects[key][0].body)

    def _get(self, key: str) -> Version | None:
        found = self.objects.get(key)
        return found[0] if found else None

    def _set(self, key: str, parcel: Parcel, put_id: str) -> str:
        assert isinstance(parcel.body, bytes)
        assert sum(len(k) + len(v) for k, v in parcel.metadata.items()) <= 1792
        etag = hashlib.md5(parcel.body).hexdigest()
        version = Version(
            body=parcel.body, etag=etag, put_id=put_id, metadata=dict(parcel.metadata)
        )
        self.objects[key] = version, self.now
        return etag

    def _call(self, op: str, key: str, effect: Callable[[], Any]) -> Any:
        with self._lock:
            self.calls.append((op, key))
        self.before(op, key)
        with self._lock:
            result = effect()
        self.after(op, key)
        return result


def lost(op: str, key: str) -> None:
    raise OutcomeUnknownError(f"{op} {key}")


class Process:
    """What one process does, step by step: a journal, a flusher, a compactor, no threads."""

    def __init__(
        self, store: Any, home: Path, *, seed: int = 0, now: float = 1.8e9, **options: Any
    ) -> None:
        self.options = options_for(home, **options)
        chance = random.Random(seed)
        self.days = Days(store, self.options, random=chance.randbytes)
        self.parts = Parts(self.days)
        self.flusher = Flusher(self.days, self.parts, self.options, sleep=lambda _: None)
        self.compactor = Compactor(
            self.days,
            self.parts,
            single_writer=self.options.single_writer,
            grace_seconds=self.options.grace_seconds,
            clock=lambda: store.now,
            sleep=lambda _: None,
        )
        self.pending: list[Pending] = []
        self.slot = take_free_slot(self.options.journal)
        self.journal = Journal(self.slot, self.pending.extend, lambda: chance.randbytes(4).hex())
        self.pending[:0] = self.journal.recovered
        self.now_ns = int(now * 1e9)

    def submit(self, uid: str, *segments: str, date: str = DATE) -> None:
        self.now_ns += 1000
        self.journal.accept([(date, Profile(smi_uid=uid, segments=segments))], self.now_ns)

    def flush(self) -> Landing | None:
        batch = [one for one in self.pending if one.date == DATE]
        if not batch:
            return None
        landing = self.flusher.flush(DATE, batch)
        self.journal.landed(batch, merged=landing.merged)
        self.pending[:] = [one for one in self.pending if one not in batch]
        return landing

    def compact(self, **how: bool) -> None:
        before = self.journal.parted()
        marks = {key: self.journal.mark(*key).parted for key in before}
        done = self.compactor.compact(DATE, **how)
        for (writer, date), upto in marks.items():
            if date == DATE and writer not in done.unfolded:
                self.journal.folded(writer, date, upto)

    def die(self) -> None:
        with suppress(OSError):
            os.close(self.slot._descriptor)


def options_for(journal: Path, **changes: Any) -> AggregateOptions:
    s3 = changes.pop("s3", S3Options(bucket="bucket", prefix="p/"))
    given = {"grace_seconds": 0.0, **changes}
    return AggregateOptions(s3=s3, journal=journal, **given)


def payload(uid: str, *segments: str) -> dict[str, Any]:
    return {"id": "x", "traits": {"smi_uid": uid}, "segments": list(segments)}
