"""Runs routes for months: threads, pace, pauses, start, drain and stop."""

from sealift.agent.agent import Agent, Outcome
from sealift.agent.route import Conflict, Route

__all__ = ["Agent", "Conflict", "Outcome", "Route"]
