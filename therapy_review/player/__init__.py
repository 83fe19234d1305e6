"""Playback inside the notebook; sound goes from the kernel to the page and is kept nowhere."""

from therapy_review.player.moment import Moment, moments_to_hear
from therapy_review.player.player import Player

__all__ = ["Moment", "Player", "moments_to_hear"]
