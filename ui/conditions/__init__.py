"""Conditions as people build them: groups and tests, made of a condition's JSON and back. See README.md."""
