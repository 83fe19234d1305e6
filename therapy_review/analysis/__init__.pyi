from . import analysis as analysis, enrolment as enrolment, review as review
from .adding import add_recording as add_recording, not_agreed_to_record as not_agreed_to_record
from .analysis import (
    analyse as analyse,
    follow_prints as follow_prints,
    is_current as is_current,
    rename as rename,
)
from .external_turns import (
    forget_turns as forget_turns,
    turns_elsewhere as turns_elsewhere,
    use_turns as use_turns,
)
from .review import CHANGED_ELSEWHERE as CHANGED_ELSEWHERE, Listening as Listening
