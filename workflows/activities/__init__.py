"""Activity types, one file each. See README.md in this folder."""
