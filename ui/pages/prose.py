"""Reference texts as pages show them: paragraphs in which what stands between backticks is code."""

Paragraph = list[tuple[str, bool]]
"""Pieces of a text, and whether each is code."""


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a text, which blank lines part."""
    return [_pieces(paragraph) for paragraph in text.split("\n\n")]


def _pieces(paragraph: str) -> Paragraph:
    return [(piece, number % 2 == 1) for number, piece in enumerate(paragraph.split("`")) if piece]
