"""`import sealift` is fast, and gives every public name."""

import subprocess
import sys
import time

import pytest

import sealift


@pytest.mark.parametrize("name", sealift.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(sealift, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sealift.nothing  # noqa: B018


def test_the_import_brings_nothing_heavy_and_is_fast() -> None:
    heavy = ("boto3", "botocore", "obstore", "pydantic", "rich", "cyclopts", "structlog")
    code = f"import sys, sealift; print([m for m in {heavy!r} if m in sys.modules])"
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        seconds.append(time.perf_counter() - began)
        assert done.stdout == "[]\n"
    assert min(seconds) < 0.25
