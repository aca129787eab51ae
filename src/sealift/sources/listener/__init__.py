"""Takes events over TCP and HTTP, keeps them durably, and offers them as files."""
