"""The file that remembers: what was promised a key, what arrived, what waits and why."""
