"""What may be set about the presigner, and how the settings are read."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

from sealift.config.complaints import Complaints
from sealift.config.layers import read_file
from sealift.config.reading import EnvText, Reader
from sealift.config.secrets import SecretError, secret
from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError
from sealift.presigner.auth_hmac import MIN_MASTER_BYTES, REVOKED
from sealift.presigner.keys import check_device
from sealift.presigner.orders import MAX_LENGTH
from sealift.presigner.problems import ProblemError
from sealift.presigner.sign import MAX_LIFE_SECONDS

SECTION: Final = "presigner"
VARIABLE: Final = "SEALIFT_PRESIGNER__"
"""What the environment's variables begin with; the setting's name follows."""

MIN_LIFE_SECONDS: Final = 15
MAX_PREFIX_BYTES: Final = 200

_SECRETS: Final = frozenset(
    {"master_key", "old_master_key", "access_key_id", "secret_access_key", "session_token"}
)


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class PresignerOptions:
    """How the presigner works; each field's help says what it means."""

    bucket: str = field(metadata=_help("Bucket that the URLs are for."))
    region: str = field(default="", metadata=_help("Its region; empty for AWS_REGION."))
    prefix: str = field(default="uploads/", metadata=_help("What every key begins with."))
    endpoint_url: str = field(
        default="", metadata=_help("URL of an S3 look-alike; empty for Amazon S3.")
    )
    addressing: Literal["auto", "path", "virtual"] = field(
        default="auto",
        metadata=_help("Bucket in the path or in the host name; auto: path for look-alikes."),
    )
    auth: Literal["hmac", "tokens", "jwt", "gateway", "none"] = field(
        default="hmac",
        metadata=_help(
            "How devices prove who they are; gateway: its authorizer says it; none: not at all, "
            "for local use."
        ),
    )
    master_key: str = field(
        default="",
        repr=False,
        metadata=_help("For hmac: secret, at least 32 bytes, that devices' secrets come from."),
    )
    old_master_key: str = field(
        default="",
        repr=False,
        metadata=_help("For hmac: the one before, which still counts during rotation."),
    )
    revoked: tuple[str, ...] = field(
        default=(),
        metadata=_help(
            "Devices that may not come in; for hmac, DEVICE:2 lets in its second secret only."
        ),
    )
    tokens_file: Path | None = field(
        default=None, metadata=_help("For tokens: file with DEVICE HASH on each line.")
    )
    jwt_issuer: str = field(default="", metadata=_help("For jwt: what iss must be."))
    jwt_audience: str = field(default="", metadata=_help("For jwt: what must be in aud."))
    jwt_claim: str = field(default="sub", metadata=_help("For jwt: the claim with the device."))
    jwt_keys: str = field(
        default="", metadata=_help("For jwt: URL or file of the provider's key set (JWKS).")
    )
    life_seconds: int = field(default=300, metadata=_help("How long a URL is good, in seconds."))
    max_bytes: int = field(default=MAX_LENGTH, metadata=_help("Largest file, in bytes."))
    allow_minimal: bool = field(
        default=True,
        metadata=_help("Sign also for old clients that send device_id and filename only."),
    )
    sse: Literal["", "AES256", "aws:kms", "aws:kms:dsse"] = field(
        default="AES256", metadata=_help("Encryption that uploads must ask for.")
    )
    sse_kms_key_id: str = field(default="", metadata=_help("KMS key for aws:kms."))
    rate_per_second: float = field(
        default=100.0, metadata=_help("URLs a second for each device; 0 for no limit.")
    )
    burst: int = field(default=1000, metadata=_help("URLs at once for each device."))
    files_per_day: int = field(
        default=0, metadata=_help("URLs a day for each device; 0 for no limit.")
    )
    bytes_per_day: int = field(
        default=0, metadata=_help("Bytes a day for each device; 0 for no limit.")
    )
    access_key_id: str = field(
        default="", repr=False, metadata=_help("Access key; empty to use the AWS chain.")
    )
    secret_access_key: str = field(
        default="", repr=False, metadata=_help("Secret of access_key_id.")
    )
    session_token: str = field(
        default="", repr=False, metadata=_help("Session token of access_key_id, if it has one.")
    )

    def check(self) -> None:
        """Check that the options can be right.

        Raises:
            ConfigError: They cannot; the message names every problem.
        """
        problems = [*_limit_problems(self), *_auth_problems(self), *_revoked_problems(self)]
        try:
            self.store_options().check()
        except ConfigError as error:
            problems.append(error.message)
        if problems:
            raise ConfigError(
                f"The presigner's options are wrong: {'; '.join(problems)}.",
                hint="Correct them and start again.",
            )

    def store_options(self) -> S3Options:
        """Give what a destination would need to know of the store."""
        names = {one.name for one in fields(S3Options)} & {one.name for one in fields(self)}
        return S3Options(**{name: getattr(self, name) for name in names})

    def generations(self) -> dict[str, int]:
        """Read `revoked`: the generation that counts for each device in it."""
        found = {}
        for entry in self.revoked:
            device, _, generation = entry.partition(":")
            found[device] = int(generation) if generation else REVOKED
        return found


def load_options(
    file: Path | None = None, environ: Mapping[str, str] | None = None
) -> PresignerOptions:
    """Read the options: the defaults, over them the file, over it the environment.

    Args:
        file: A TOML file with a section `[presigner]`; None for none.
        environ: Environment variables; None for this process's.
            `SEALIFT_PRESIGNER__BUCKET` sets `bucket`.

    Raises:
        ConfigError: Something is wrong; the message names all of it.
    """
    environ = os.environ if environ is None else environ
    complaints = Complaints(file or Path("environment"))
    table = _read_table(file, environ, complaints)
    base = file.parent if file else Path()
    given = _read_secrets(table, base, environ, complaints)
    plain = {key: value for key, value in table.items() if key not in _SECRETS}
    known = [one.name for one in fields(PresignerOptions)]
    reader = Reader(base, None, complaints)
    reader.refuse_unknown(plain, known, (SECTION,), {})
    plain.setdefault("region", environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION", ""))
    options = reader.read(PresignerOptions, plain, (SECTION,), **given)
    complaints.raise_if_any()
    assert options is not None  # noqa: S101 - else there were complaints
    options.check()
    return options


def load_master_key(file: Path | None, environ: Mapping[str, str]) -> str:
    """Read the master key alone, for one who only issues credentials.

    Raises:
        ConfigError: There is none, or it is too short.
    """
    complaints = Complaints(file or Path("environment"))
    table = _read_table(file, environ, complaints)
    wanted = {name: value for name, value in table.items() if name == "master_key"}
    found = _read_secrets(wanted, file.parent if file else Path(), environ, complaints)
    complaints.raise_if_any()
    master_key = str(found["master_key"])
    if len(master_key.encode()) < MIN_MASTER_BYTES:
        raise ConfigError(
            f"There is no master_key of at least {MIN_MASTER_BYTES} bytes.",
            hint=f"Set {VARIABLE}MASTER_KEY, or name the presigner's configuration.",
        )
    return master_key


def _read_table(
    file: Path | None, environ: Mapping[str, str], complaints: Complaints
) -> dict[str, Any]:
    table = dict(read_file(file).get(SECTION, {})) if file else {}
    if file and not table:
        complaints.add((), f"has no section [{SECTION}].")
    for variable in sorted(environ):
        if variable.upper().startswith(VARIABLE):
            table[variable[len(VARIABLE) :].lower()] = EnvText(environ[variable])
    return table


def _read_secrets(
    table: Mapping[str, Any], base: Path, environ: Mapping[str, str], complaints: Complaints
) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(_SECRETS, "")
    for name in _SECRETS & table.keys():
        value = table[name]
        try:
            found[name] = str(value) if isinstance(value, EnvText) else secret(value, base, environ)
        except SecretError as error:
            complaints.add((SECTION, name), str(error))
    return found


def _limit_problems(options: PresignerOptions) -> Iterator[str]:
    if not options.region:
        yield "region is missing, and AWS_REGION is not set"
    if not MIN_LIFE_SECONDS <= options.life_seconds <= MAX_LIFE_SECONDS:
        yield f"life_seconds must be {MIN_LIFE_SECONDS} to {MAX_LIFE_SECONDS}"
    if not 1 <= options.max_bytes <= MAX_LENGTH:
        yield f"max_bytes must be 1 to {MAX_LENGTH}"
    if options.rate_per_second < 0 or options.burst < 1:
        yield "rate_per_second must not be negative, and burst must be at least 1"
    if min(options.files_per_day, options.bytes_per_day) < 0:
        yield "files_per_day and bytes_per_day must not be negative"
    if options.prefix and not options.prefix.endswith("/"):
        yield "prefix must end with a slash"
    if len(options.prefix.encode()) > MAX_PREFIX_BYTES:
        yield f"prefix is over {MAX_PREFIX_BYTES} bytes"


def _auth_problems(options: PresignerOptions) -> Iterator[str]:
    if options.auth not in {"hmac", "tokens", "jwt", "gateway", "none"}:
        yield f"auth {options.auth!r} is not hmac, tokens, jwt, gateway or none"
    if options.auth == "hmac":
        keys = [options.master_key, *([options.old_master_key] if options.old_master_key else [])]
        if min(len(key.encode()) for key in keys) < MIN_MASTER_BYTES:
            yield f"auth = hmac needs a master_key of at least {MIN_MASTER_BYTES} bytes"
    if options.auth == "tokens" and options.tokens_file is None:
        yield "auth = tokens needs tokens_file"
    if options.auth == "jwt":
        for name in ("jwt_issuer", "jwt_audience", "jwt_claim", "jwt_keys"):
            if not getattr(options, name):
                yield f"auth = jwt needs {name}"


def _revoked_problems(options: PresignerOptions) -> Iterator[str]:
    for entry in options.revoked:
        device, colon, generation = entry.partition(":")
        try:
            check_device(device)
        except ProblemError:
            yield f"revoked has {entry!r}, which names no device"
        if colon and (options.auth != "hmac" or not _is_later(generation)):
            yield f"revoked has {entry!r}; for hmac write DEVICE or DEVICE:2, else DEVICE"


def _is_later(generation: str) -> bool:
    return generation.isascii() and generation.isdigit() and 2 <= int(generation) <= 1_000_000
