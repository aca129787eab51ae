"""What may be set about an S3 destination, and the check of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from sealift.errors import ConfigError

MIB: Final = 1024 * 1024
MAX_PUT_BYTES: Final = 5 * 1024 * MIB
"""Largest body of one request. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""
MAX_OBJECT_BYTES: Final = 5 * 1024 * 1024 * MIB
"""Largest object that parts can make; newer S3 takes more, look-alikes do not."""
MAX_PARTS: Final = 10_000
MIN_PART_BYTES: Final = 5 * MIB
MAX_METADATA_BYTES: Final = 2048
MAX_TAGS: Final = 10

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9._:/@=-]*", re.ASCII)
_NAME = re.compile(r"[a-z0-9!#$&'*+.^_`|~-]+", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]+", re.ASCII)
_OWN_NAMES = frozenset({"sealift-id", "sha256"})
_NO_BLANK = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "%")


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """Where and how an S3 destination stores; each field's help says what it means."""

    bucket: str = field(metadata=_help("Name of the bucket."))
    prefix: str = field(default="", metadata=_help("What every key begins with."))
    region: str = field(
        default="", metadata=_help("The bucket's region; empty to find it out by itself.")
    )
    endpoint_url: str = field(
        default="", metadata=_help("URL of an S3 look-alike; empty for Amazon S3.")
    )
    name: str = field(
        default="s3", metadata=_help("Name within the route; the ledger keeps deliveries under it.")
    )
    storage_class: str = field(
        default="", metadata=_help("Storage class, such as STANDARD_IA; empty for the bucket's.")
    )
    sse: Literal["", "AES256", "aws:kms", "aws:kms:dsse"] = field(
        default="", metadata=_help("Encryption: AES256, aws:kms or aws:kms:dsse.")
    )
    sse_kms_key_id: str = field(
        default="", metadata=_help("KMS key for aws:kms; empty for the account's own.")
    )
    tags: Mapping[str, str] = field(
        default_factory=dict, metadata=_help("Tags of every object, at most 10.")
    )
    metadata: Mapping[str, str] = field(
        default_factory=dict, metadata=_help("User metadata of every object, up to 2 KB.")
    )
    content_type: str = field(
        default="", metadata=_help("Content-Type of every object; empty for what the item is.")
    )
    access_key_id: str = field(
        default="",
        metadata=_help("Access key; empty to use the AWS chain (profile, SSO, role ...)."),
    )
    secret_access_key: str = field(
        default="", repr=False, metadata=_help("Secret of access_key_id.")
    )
    session_token: str = field(
        default="", repr=False, metadata=_help("Session token of access_key_id, if it has one.")
    )
    profile: str = field(default="", metadata=_help("AWS profile; empty for the chain's default."))
    addressing: Literal["auto", "path", "virtual"] = field(
        default="auto",
        metadata=_help("Bucket in the path or in the host name; auto: path for look-alikes."),
    )
    verify: Literal["none", "read-back"] = field(
        default="none",
        metadata=_help(
            "read-back reads every object again and compares its hash; a damaged one is deleted, "
            "which needs the right to."
        ),
    )
    allow_unconditional: bool = field(
        default=False,
        metadata=_help("Deliver also to a store that ignores If-None-Match: look, then put."),
    )
    trust_conditions: bool = field(
        default=False,
        metadata=_help("The look-alike is known to honour If-None-Match: do not try it out first."),
    )
    proxy: str = field(
        default="environment",
        metadata=_help("environment (HTTPS_PROXY, NO_PROXY), none, or the proxy's URL."),
    )
    ca_bundle: str = field(
        default="", metadata=_help("PEM file of further certificate authorities to trust.")
    )
    connect_timeout_seconds: float = field(
        default=5.0, metadata=_help("How long connecting may take, in seconds.")
    )
    timeout_seconds: float = field(
        default=60.0, metadata=_help("How long a small request may take, in seconds.")
    )
    min_bytes_per_second: float = field(
        default=50_000.0, metadata=_help("Slowest upload that is still waited for, in bytes/s.")
    )
    part_bytes: int = field(
        default=8 * MIB, metadata=_help("Size of a part of a large upload, in bytes.")
    )
    part_concurrency: int = field(
        default=4, metadata=_help("How many parts of one upload are sent at once.")
    )

    def check(self) -> None:
        """Check that the options can be right.

        Raises:
            ConfigError: They cannot; the message names every problem.
        """
        problems = [*_store_problems(self), *_object_problems(self), *_limit_problems(self)]
        if problems:
            where = f"s3://{self.bucket}" if _BUCKET.fullmatch(self.bucket) else "s3"
            raise ConfigError(
                f"The options of the destination {where} are wrong: {'; '.join(problems)}.",
                hint="Correct them and start again.",
            )


def encode_metadata(value: str) -> str:
    """Make a metadata value of visible ASCII only; `urllib.parse.unquote` gives it back."""
    return quote(value, safe=_NO_BLANK)


def metadata_problem(name: str) -> str:
    """Say why *name* cannot name user metadata; empty if it can."""
    if not _NAME.fullmatch(name):
        return f"the metadata name {name!r} may hold only a-z, 0-9 and -_.!#$&'*+^`|~"
    if name in _OWN_NAMES:
        return f"the metadata name {name!r} is Sealift's own"
    return ""


def metadata_bytes(metadata: Mapping[str, str]) -> int:
    """Count *metadata* as S3 does; its values are encoded already."""
    return sum(len(name) + len(value) for name, value in metadata.items())


def _store_problems(options: S3Options) -> Iterator[str]:
    if not _BUCKET.fullmatch(options.bucket) or ".." in options.bucket:
        yield f"bucket {options.bucket!r} must be 3 to 63 of a-z, 0-9, . and -"
    if options.region and not _REGION.fullmatch(options.region):
        yield f"region {options.region!r} may hold only a-z, 0-9 and -"
    if options.endpoint_url and not _is_url(options.endpoint_url):
        yield "endpoint_url must be http://HOST[:PORT] or https://HOST[:PORT]"
    if options.addressing not in {"auto", "path", "virtual"}:
        yield f"addressing {options.addressing!r} is not auto, path or virtual"
    if options.proxy not in {"environment", "none"} and not _is_url(options.proxy):
        yield "proxy must be environment, none or http://HOST:PORT"
    yield from _login_problems(options)
    if options.ca_bundle and not Path(options.ca_bundle).is_file():
        yield f"ca_bundle {options.ca_bundle!r} is not a file"
    if bool(options.access_key_id) != bool(options.secret_access_key):
        yield "access_key_id and secret_access_key go together"
    if options.session_token and not options.access_key_id:
        yield "session_token needs access_key_id and secret_access_key"
    if options.profile and options.access_key_id:
        yield "profile and access_key_id exclude each other"


def _login_problems(options: S3Options) -> Iterator[str]:
    # Reprs and reports show these; a URL is no place for a secret.
    if "@" in options.endpoint_url:
        yield "endpoint_url must hold no login; use access_key_id and secret_access_key"
    if "@" in options.proxy:
        yield "proxy must hold no login; give it in HTTPS_PROXY and set proxy to environment"


def _object_problems(options: S3Options) -> Iterator[str]:
    if options.prefix and not _is_prefix(options.prefix):
        yield "prefix must not begin with / nor hold //, . or .. between slashes, nor controls"
    if options.sse not in {"", "AES256", "aws:kms", "aws:kms:dsse"}:
        yield f"sse {options.sse!r} is not AES256, aws:kms or aws:kms:dsse"
    if options.sse_kms_key_id and not options.sse.startswith("aws:kms"):
        yield "sse_kms_key_id needs sse = aws:kms"
    if options.sse.startswith("aws:kms") and options.endpoint_url.startswith("http://"):
        yield "sse with KMS needs an https endpoint_url"
    if (
        not (options.content_type + options.storage_class).isascii()
        or not (options.content_type + options.storage_class + "x").isprintable()
    ):
        yield "content_type and storage_class must be plain ASCII"
    yield from _tag_problems(options.tags)
    yield from filter(None, map(metadata_problem, options.metadata))
    if metadata_bytes({k: encode_metadata(v) for k, v in options.metadata.items()}) > (
        MAX_METADATA_BYTES - 256
    ):
        yield "metadata is over 1,792 bytes (S3 takes 2,048, and Sealift needs 256 of them)"


def _tag_problems(tags: Mapping[str, str]) -> Iterator[str]:
    if len(tags) > MAX_TAGS:
        yield f"there are {len(tags)} tags, and S3 takes {MAX_TAGS}"
    for name, value in tags.items():
        # A space becomes a plus sign that some stores keep as such.
        if not (name and _TAG.fullmatch(name) and _TAG.fullmatch(value)):
            yield f"tag {name!r} and its value may hold only A-Z, a-z, 0-9 and ._:/@=-"
        elif len(name) > 128 or len(value) > 256:
            yield f"tag {name!r} is over 128 characters, or its value over 256"


def _limit_problems(options: S3Options) -> Iterator[str]:
    if options.verify not in {"none", "read-back"}:
        yield f"verify {options.verify!r} is not none or read-back"
    for name in ("connect_timeout_seconds", "timeout_seconds", "min_bytes_per_second"):
        if not getattr(options, name) > 0:
            yield f"{name} must be over 0"
    if not MIN_PART_BYTES <= options.part_bytes <= MAX_PUT_BYTES:
        yield f"part_bytes must be {MIN_PART_BYTES} to {MAX_PUT_BYTES}"
    if options.allow_unconditional and options.trust_conditions:
        yield "allow_unconditional and trust_conditions exclude each other"
    if not 1 <= options.part_concurrency <= 64:
        yield "part_concurrency must be 1 to 64"


def _is_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    plain = not (url.query or url.fragment) and url.path in {"", "/"}
    return bool(url.scheme in {"http", "https"} and url.hostname and plain and port != 0)


def _is_prefix(prefix: str) -> bool:
    segments = prefix.removesuffix("/").split("/")
    return prefix.isprintable() and not any(segment in {"", ".", ".."} for segment in segments)
