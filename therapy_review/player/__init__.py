"""Playback inside the notebook; sound goes from the kernel to the page and is kept nowhere."""

from therapy_review.player.moment import Moment, moments_to_hear

__all__ = ["Moment", "moments_to_hear"]
