"""Commands on the picture of a journey: pure functions from any document, however unfinished, to a document."""
