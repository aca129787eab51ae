"""What an agent is given from outside: clocks, chance, and who is told."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sealift.events import Observer


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the outside gives: clocks, chance and who is told."""

    wall: Callable[[], float] = time.time
    """Seconds since 1970."""

    monotonic: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    notify: Observer = field(default=lambda _event: None)
