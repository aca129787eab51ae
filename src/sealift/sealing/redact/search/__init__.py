"""Finds what the rules remove in one text, whatever it is written in."""
