"""What the command line ends with when no error class says it."""

from typing import Final

UNEXPECTED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
