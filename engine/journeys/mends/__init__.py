"""Titled commands that do away with findings of a journey."""
