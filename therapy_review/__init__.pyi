__version__: str

from .analysis import analyse as analyse, forget_turns as forget_turns, use_turns as use_turns
from .journal import (
    Journal as Journal,
    Session as Session,
    create_journal as create_journal,
    open_journal as open_journal,
)
from .sound import Recording as Recording
from .turns import read_turns as read_turns, write_turns as write_turns
