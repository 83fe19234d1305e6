"""Handed on for one release: `therapy_review.pages` has it."""

from therapy_review.pages import share_page

__all__ = ["share_page"]
