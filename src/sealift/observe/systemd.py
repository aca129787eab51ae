"""Speaks to a service manager: one datagram for each change of state.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

SEND_SECONDS = 5.0
"""A service manager that is busy is waited for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Systemd:
    """The service manager that started this process."""

    address: str
    """Its socket: a path, or an abstract name that begins with a NUL."""

    watchdog_seconds: float = 0.0
    """Without a sign of life for so long it kills the process; 0 if it does not look."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], pid: int) -> Self | None:
        """Find it by `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`; None if there is none.

        Args:
            environ: The environment.
            pid: This process; a watchdog that is meant for another does not count.
        """
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return None
        microseconds = environ.get("WATCHDOG_USEC", "")
        mine = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        return cls(
            address="\0" + address[1:] if address.startswith("@") else address,
            watchdog_seconds=int(microseconds) / 1e6 if mine and microseconds.isdecimal() else 0.0,
        )

    def tell(self, *states: str) -> None:
        """Send assignments such as `READY=1`; a service manager that is gone is no error."""
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(SEND_SECONDS)
            sender.sendto("\n".join(states).encode(), os.fsencode(self.address))
