"""Runs routes for months: workers, pace, pauses, start, drain and stop."""
