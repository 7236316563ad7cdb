"""Decisions without a clock, a disk or a log: strategies, tiers, sessions, statistics."""
