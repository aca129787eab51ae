"""From source bytes to the bytes that leave: check, compress, fingerprint. Pure."""
