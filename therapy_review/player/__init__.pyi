from .desk import ALONE as ALONE, Listeners as Listeners
from .feed import PIECE as PIECE, Answer as Answer
from .moment import Moment as Moment, moments_to_hear as moments_to_hear
from .playback import AHEAD as AHEAD, levelled as levelled, levels as levels, prepare as prepare
from .player import Player as Player
from .subshell import at_once as at_once
