"""Shows events to people and machines: lines, logs, metrics and progress bars."""
