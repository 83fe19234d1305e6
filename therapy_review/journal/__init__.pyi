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
    no_corrections as no_corrections,
    one_word as one_word,
    people_in as people_in,
)
from .days import (
    BETWEEN_TAGS as BETWEEN_TAGS,
    DAY_COLUMNS as DAY_COLUMNS,
    HIGHEST_MOOD as HIGHEST_MOOD,
    LOWEST_MOOD as LOWEST_MOOD,
    SIGN_COLUMN as SIGN_COLUMN,
    SUPERSEDED as SUPERSEDED,
    days_in_order as days_in_order,
    days_in_words as days_in_words,
    kind_of_origin as kind_of_origin,
    no_days as no_days,
    origin_of as origin_of,
    with_moods as with_moods,
)
from .journal import (
    Journal as Journal,
    check_new_journal as check_new_journal,
    create_journal as create_journal,
    folder_of as folder_of,
    open_journal as open_journal,
)
from .marks import (
    NAME_MARK as NAME_MARK,
    PROUD as PROUD,
    TRIGGER as TRIGGER,
    Mark as Mark,
    as_kept as as_kept,
    closed_stretches as closed_stretches,
    marks_in as marks_in,
)
from .notes import (
    MOODS as MOODS,
    OF_THE_WAY as OF_THE_WAY,
    SessionNotes as SessionNotes,
    render_notes as render_notes,
)
from .scales import (
    BUILT_IN_SCALES as BUILT_IN_SCALES,
    Scale as Scale,
    answers_in as answers_in,
    change_in_words as change_in_words,
    cut_off_in_words as cut_off_in_words,
    digits as digits,
    is_possible_total as is_possible_total,
    total_of as total_of,
)
from .session import (
    MADE_FROM_SOUND as MADE_FROM_SOUND,
    MEASURES_VERSION as MEASURES_VERSION,
    TURNS_ELSEWHERE as TURNS_ELSEWHERE,
    Session as Session,
    kept_turns as kept_turns,
    session_date as session_date,
)
