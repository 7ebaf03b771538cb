"""What `server.py new-activity` writes."""
