"""Waystation's benchmarks: each figure of DESIGN.md's budgets, beside its reference of the same run."""
