"""The pages in docs/reference are what the code says."""

import pytest

from tests.reference import FOLDER, pages


@pytest.mark.parametrize("name", ["config.md", "cli.md", "exit-codes.md"])
def test_the_page_is_up_to_date(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == pages()[name], "Run: python -m tests.reference"
