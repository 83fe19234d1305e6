from .desk import ALONE as ALONE, Listeners as Listeners
from .feed import PIECE as PIECE, Answer as Answer
from .moment import (
    Moment as Moment,
    at_once as at_once,
    marks_to_read as marks_to_read,
    moments_to_hear as moments_to_hear,
    moments_to_read as moments_to_read,
)
from .playback import AHEAD as AHEAD, levelled as levelled, levels as levels, prepare as prepare
from .player import Player as Player
