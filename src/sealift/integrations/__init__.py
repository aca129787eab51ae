"""Ties to other systems, built from the public names alone."""
