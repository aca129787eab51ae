"""Formats: what must change in JSON, XML and plain text, in fields and in file names."""
