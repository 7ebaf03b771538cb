"""Runs in flight go over to a later version of their journey."""
