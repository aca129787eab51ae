"""Rules, and how their patterns are written for the search."""
