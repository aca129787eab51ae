"""The command line: one file per verb, which parses flags, calls one function, and shows."""

from sealift.cli.main import main

__all__ = ["main"]
