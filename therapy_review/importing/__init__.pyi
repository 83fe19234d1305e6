from . import calendar as calendar, mood_values as mood_values, moods as moods, versions as versions
from .mood_file import MoodFile as MoodFile
from .mood_table import (
    Columns as Columns,
    as_number as as_number,
    how_far as how_far,
    likely_low as likely_low,
    numbers_of as numbers_of,
)
from .mood_values import checked as checked
from .page import bring_in as bring_in
