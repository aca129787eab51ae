"""Makes a dataset of what the configuration says of it."""

from dataclasses import replace
from typing import Any

import orjson

from sealift.datasets.dataset import Dataset
from sealift.datasets.document import DocumentReader
from sealift.datasets.options import DatasetOptions
from sealift.datasets.tow_and_go import NAME, tow_and_go
from sealift.errors import ConfigError


def declared(name: str, options: DatasetOptions) -> Dataset:
    """Make the dataset *name*; `tow-and-go` is known, and may be changed in parts.

    Raises:
        ConfigError: Something is missing or wrong.
    """
    given: dict[str, Any] = {
        field: getattr(options, field)
        for field in ("array", "record_key", "version", "indexes", "key")
        if getattr(options, field)
    }
    if options.schema is not None:
        given["schema"] = _schema(options)
    if name == NAME:
        dataset = replace(tow_and_go(), **given)
    else:
        missing = [field for field in ("schema", "array", "record_key") if field not in given]
        if missing:
            raise ConfigError(
                f"The dataset {name} lacks {', '.join(missing)}.",
                hint=f"Add them to [datasets.{name}]; only {NAME} is known without.",
            )
        dataset = Dataset(name=name, **given)
    if options.unknown_fields == "allow":
        dataset = dataset.allowing_unknown_fields()
    DocumentReader(dataset, options.max_document_bytes)  # a schema that is none is told now
    return dataset


def _schema(options: DatasetOptions) -> dict[str, Any]:
    path = options.schema
    assert path is not None  # noqa: S101  the caller has looked
    try:
        schema = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"The schema file {path} cannot be read: {error.strerror}.",
            hint="Correct the path or the file's rights.",
        ) from None
    except ValueError:
        raise ConfigError(f"The schema file {path} is no JSON.", hint="Mend it.") from None
    if not isinstance(schema, dict):
        raise ConfigError(f"The schema file {path} holds no object.", hint="Mend it.")
    return schema
