from . import calendar as calendar, mood_table as mood_table, mood_values as mood_values, moods as moods
from .mood_file import MoodFile as MoodFile
from .mood_table import Columns as Columns
from .page import bring_in as bring_in
