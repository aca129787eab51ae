"""What may be set about a destination behind a presigner, and the check of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from sealift.errors import ConfigError

_DEVICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_MOST: Final = 1e9
"""More seconds, or bytes in one, are not meant; and not all libraries can count them."""

_VISIBLE: Final = re.compile(r"[\x21-\x7e]*", re.ASCII)


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class PresignedOptions:
    """Which presigner is asked for URLs, and how; each field's help says what it means."""

    url: str = field(metadata=_help("URL that is asked for uploads: .../ingest/new."))
    device_id: str = field(
        default="", metadata=_help("This device's name at the presigner; empty for the agent's.")
    )
    secret: str = field(
        default="",
        repr=False,
        metadata=_help("The device's secret; its requests are signed with it."),
    )
    token: str = field(
        default="", repr=False, metadata=_help("Bearer token, where the presigner takes those.")
    )
    name: str = field(
        default="presigned",
        metadata=_help("Name within the route; the ledger keeps deliveries under it."),
    )
    form: Literal["auto", "batch", "minimal"] = field(
        default="auto",
        metadata=_help(
            "batch: many files a request, one key for ever; minimal: as old presigners take it; "
            "auto: find out."
        ),
    )
    url_life_seconds: float = field(
        default=300.0, metadata=_help("How long a URL is used at most; it may end sooner.")
    )
    max_bytes: int = field(
        default=5 * 1024**3, metadata=_help("Largest file that is sent, in bytes.")
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

    def check(self) -> None:
        """Check that the options can be right.

        Raises:
            ConfigError: They cannot; the message names every problem.
        """
        problems = [*_service_problems(self), *_limit_problems(self)]
        if problems:
            raise ConfigError(
                f"The options of the presigned destination are wrong: {'; '.join(problems)}.",
                hint="Correct them and start again.",
            )


def _service_problems(options: PresignedOptions) -> Iterator[str]:
    if not _is_url(options.url):
        yield "url must be http:// or https://, a host, and a path such as /ingest/new"
    elif options.form == "batch" and not urlsplit(options.url).path.endswith("/new"):
        yield "url must end with /new for form = batch"
    if options.secret and options.token:
        yield "secret and token exclude each other"
    if not options.token and not options.device_id:
        yield "device_id is missing"
    if options.secret and not _DEVICE.fullmatch(options.device_id):
        yield "device_id must be 1 to 64 of A-Z, a-z, 0-9 and ._- to sign with a secret"
    if not (_VISIBLE.fullmatch(options.secret) and _VISIBLE.fullmatch(options.token)):
        yield "secret and token must be visible ASCII"
    if options.proxy not in {"environment", "none"} and not _is_url(options.proxy):
        yield "proxy must be environment, none or http://HOST:PORT"
    if "@" in urlsplit(options.url).netloc or "@" in options.proxy:
        yield "url and proxy must hold no login"
    if options.ca_bundle and not Path(options.ca_bundle).is_file():
        yield f"ca_bundle {options.ca_bundle!r} is not a file"


def _limit_problems(options: PresignedOptions) -> Iterator[str]:
    for name in (
        *("url_life_seconds", "connect_timeout_seconds"),
        *("timeout_seconds", "min_bytes_per_second"),
    ):
        if not 0 < getattr(options, name) <= _MOST:
            yield f"{name} must be over 0, and at most {_MOST:.0f}"
    if not 1 <= options.max_bytes <= 5 * 1024**3:
        yield "max_bytes must be 1 to 5368709120, the most that one PUT may hold"


def _is_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and not url.fragment and " " not in text
    return bool(url.scheme in {"http", "https"} and url.hostname and plain and port != 0)
