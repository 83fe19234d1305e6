"""Handed on for one release: `therapy_review.pages` has it."""

from therapy_review.pages import bring_in

__all__ = ["bring_in"]
