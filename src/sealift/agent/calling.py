"""Reaches the agent of a state directory from another process."""

import os
import signal
from pathlib import Path

from sealift.errors import UsageError
from sealift.ledger.database import lock_holder

SCAN_SIGNAL = "SIGUSR1"
"""What an agent that scans when it is signalled says in its lock."""


def scan(state_dir: Path) -> int:
    """
    Let the agent of a state directory look for new files now. Not on Windows.

    It returns at once; the agent tells of what it finds.

    Args:
        state_dir: The agent's state directory.

    Returns:
        The agent's process id.

    Raises:
        UsageError: No agent runs there, or it may not be signalled. Nothing was done.
        StateError: Its lock may not be read by this user.
    """
    holder = lock_holder(state_dir)
    if holder is None:
        raise UsageError(
            f"No agent runs with the state directory {state_dir}.",
            hint="Start one with `sealift run`, or deliver once with `sealift run --once`.",
        )
    process, says = holder
    if says != SCAN_SIGNAL:
        # Without a handler, the signal would end the process.
        raise UsageError(
            f"The agent of {state_dir} (process {process}) takes no signals.",
            hint="It is starting or ending; or a program of its own, which calls Agent.scan_now().",
        )
    try:
        os.kill(process, signal.SIGUSR1)
    except ProcessLookupError:
        raise UsageError(f"The agent of {state_dir} has just ended.") from None
    except PermissionError:
        raise UsageError(
            f"The agent of {state_dir} (process {process}) is another user's.",
            hint="Do it as that user.",
        ) from None
    return process
