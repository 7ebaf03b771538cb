"""Ready definitions of this field to start from."""
