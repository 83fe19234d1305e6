"""Handed on for one release: `therapy_review.pages` has it."""

from therapy_review.pages import how_far, path_page

__all__ = ["how_far", "path_page"]
