"""The service: one supervisor that starts every part of Waystation, watches it and stops it."""
