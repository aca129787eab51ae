"""The command line: one file per verb, which parses flags, calls one function, and shows."""

import gc

# What is imported from here on is tens of thousands of objects and no garbage; looking
# through them again and again took a fifth of the time to start.
gc.set_threshold(50_000, 20, 20)

from sealift.cli.main import main  # noqa: E402

__all__ = ["main"]
