"""Puts the layers of a configuration over each other: the file, the environment, the flags."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealift.config.complaints import Where
from sealift.config.reading import EnvText
from sealift.errors import ConfigError

PREFIX = "SEALIFT_"
Tree = dict[str, Any]


def read_file(path: Path) -> Tree:
    """Read a TOML file. Raises ConfigError that names the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"The configuration {path} is not there.",
            hint="Write one, or name another: sealift VERB PATH. `sealift demo` prints an example.",
        ) from None
    except OSError as error:
        raise ConfigError(f"The configuration {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(
            f"The configuration {path} is not UTF-8 text.", hint="Save it as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.", hint="Mend that line.") from None


def lay_environment(tree: Tree, environ: Mapping[str, str]) -> dict[Where, str]:
    """Put `SEALIFT_SECTION__KEY` variables into *tree*.

    Returns:
        Which settings came from there, each with the variable's name.
    """
    origins = {}
    for name in sorted(environ):
        parts = name.removeprefix(PREFIX).split("__")
        # Variables without a section, such as SEALIFT_DEBUG, are no settings.
        if name.startswith(PREFIX) and len(parts) > 1 and all(parts):
            for where in _put(tree, parts, EnvText(environ[name])):
                origins[where] = f"environment variable {name}"
    return origins


def lay_overrides(tree: Tree, overrides: Mapping[str, object]) -> dict[Where, str]:
    """Put values by dotted key into *tree*; tell which settings came from there."""
    origins = {}
    for dotted, value in overrides.items():
        for where in _put(tree, dotted.split("."), value):
            origins[where] = f"flag --{where[-1].replace('_', '-')}"
    return origins


def _put(tree: Tree, parts: list[str], value: object) -> list[Where]:
    """Set a value deep in *tree*; a part may also be the number of a list's table.

    Returns:
        The value's place, and the sections that had to be made for it.
    """
    node: Any = tree
    where: list[str] = []
    made: list[Where] = []
    for part in parts[:-1]:
        if isinstance(node, list):
            number = int(part) if part.isdigit() else len(node)
            where.append(part)
            node = node[number] if number < len(node) else {}
            continue
        key = _existing(node, part)
        where.append(key)
        if not isinstance(node.get(key), dict | list):
            node[key] = {}
            made.append(tuple(where))
        node = node[key]
    last = parts[-1]
    if isinstance(node, dict):
        last = _existing(node, last)
        node[last] = value
    return [*made, (*where, last)]


def _existing(node: Tree, part: str) -> str:
    """Give the key that *part* means, whatever its case; `_` also means `-`."""
    wanted = part.lower().replace("-", "_")
    return next((k for k in node if k.lower().replace("-", "_") == wanted), part.lower())
