"""Definitions as files: `server.py definitions check|test|diff|apply|export`."""
