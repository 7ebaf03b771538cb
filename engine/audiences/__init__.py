"""Audiences: which members and stores a condition is true of, counted by PostgreSQL."""
