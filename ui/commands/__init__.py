"""Commands of the command line that are more than a call; `server.py` puts them together."""
