from . import notes as notes, questionnaires as questionnaires
from .clickable import Clickable as Clickable
from .letter import letter_form as letter_form
from .notes import notes_form as notes_form, who_is_who as who_is_who
from .questionnaires import STYLE as STYLE, scale_forms as scale_forms
from .silences import silence_form as silence_form
