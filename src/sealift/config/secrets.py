"""Fetches secrets from where the configuration says they are; the file itself never holds one."""

from collections.abc import Mapping
from pathlib import Path

FORMS = 'Write { env = "NAME" } or { file = "path" }'


class SecretError(Exception):
    """A secret cannot be had; says why, never what it is."""


def secret(value: object, base: Path, environ: Mapping[str, str]) -> str:
    """Fetch a secret.

    Args:
        value: What the file says: `{ env = "NAME" }` or `{ file = "path" }`.
        base: What a relative path is relative to.
        environ: Environment variables.

    Raises:
        SecretError: It says something else, or nothing is there.
    """
    match value:
        case {"env": str(name), **rest} if not rest:
            return _from_environment(name, environ)
        case {"file": str(name), **rest} if not rest:
            return _from_file(base / Path(name).expanduser())
        case str():
            raise SecretError(f"must not stand in the file itself. {FORMS}.")
        case _:
            raise SecretError(f"is no reference to a secret. {FORMS}.")


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    found = environ.get(name, "")
    if not found:
        raise SecretError(f"names the environment variable {name}, which is not set. Set it.")
    return found


def _from_file(path: Path) -> str:
    try:
        found = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretError(
            f"names the file {path}, which cannot be read: {error.strerror}."
        ) from None
    except UnicodeDecodeError:
        raise SecretError(f"names the file {path}, which is not text.") from None
    if not found or "\n" in found:
        raise SecretError(f"names the file {path}, which does not hold exactly one line.")
    return found
