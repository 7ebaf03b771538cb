"""Occurrences: when an entry that is no event falls due, whom it chooses, and that each of them is told once."""
