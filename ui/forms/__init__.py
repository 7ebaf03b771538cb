"""Forms made from JSON schemas: what they show of a document, and what was typed as JSON again. See README.md."""
