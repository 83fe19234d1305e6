from .clickable import Clickable as Clickable
from .letter import letter_form as letter_form
from .notes import notes_form as notes_form, notes_to_read as notes_to_read
from .questionnaires import FORM_STYLE as FORM_STYLE, scale_forms as scale_forms
from .silences import silence_form as silence_form
from .who_is_who import who_is_who as who_is_who
