"""Handed on for one release: `therapy_review.pages` has it."""

from therapy_review.pages import together

__all__ = ["together"]
