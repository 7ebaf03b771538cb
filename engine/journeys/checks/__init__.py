"""What `check` looks at beyond the format, one module for each thing that a document must fit with."""
