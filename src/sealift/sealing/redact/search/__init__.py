"""Finds what the rules remove in one text, of whatever format."""
