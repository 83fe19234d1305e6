from . import (
    corrections as corrections,
    days as days,
    letters as letters,
    marks as marks,
    scales as scales,
    shared_notes as shared_notes,
    transcript as transcript,
)
from .corrections import (
    SWAP as SWAP,
    THE_OTHER as THE_OTHER,
    Correction as Correction,
    People as People,
    evidence as evidence,
    is_swapped as is_swapped,
    last_word as last_word,
    none as none,
    one_word as one_word,
    people_in as people_in,
    record as record,
)
from .days import (
    BETWEEN_TAGS as BETWEEN_TAGS,
    COLUMNS as COLUMNS,
    HIGH as HIGH,
    LOW as LOW,
    SIGN as SIGN,
    UNTIL as UNTIL,
    in_order as in_order,
    kind_of as kind_of,
    origin_of as origin_of,
    read as read,
    to_read as to_read,
    with_moods as with_moods,
)
from .journal import Journal as Journal, folder_of as folder_of, open_journal as open_journal
from .letters import Letter as Letter, Writing as Writing
from .marks import (
    NAME as NAME,
    PROUD as PROUD,
    TRIGGER as TRIGGER,
    Mark as Mark,
    as_kept as as_kept,
    closed as closed,
    each as each,
)
from .new_journal import check_new as check_new, create_journal as create_journal
from .notes import MOODS as MOODS, OF_THE_WAY as OF_THE_WAY, SessionNotes as SessionNotes, render as render
from .scales import (
    BUILT_IN as BUILT_IN,
    Scale as Scale,
    answers_in as answers_in,
    change_in_words as change_in_words,
    cut_off_in_words as cut_off_in_words,
    in_range as in_range,
    plain as plain,
    total as total,
)
from .session import (
    MADE_FROM_SOUND as MADE_FROM_SOUND,
    MEASURES_VERSION as MEASURES_VERSION,
    TURNS_ELSEWHERE as TURNS_ELSEWHERE,
    Session as Session,
    kept_turns as kept_turns,
)
from .session_names import session_date as session_date
from .shared_notes import others as others
