"""Words for months and for the halves of the day, as programs write them in many languages.

``data/calendar_words.csv`` has them from the Unicode CLDR, version 47: months of English, German, French,
Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian, Polish, Czech, Croatian, Turkish, Finnish,
Russian, Ukrainian and Greek, whole and cut short, and the halves of the day of some thirty languages. Not
from there are what stands beside an hour from 0 to 23, and the Chinese words for parts of the halves. What
means one thing here and another there is left out: listopad is October in Croatia and November in Poland. All
are without dots.
"""

from __future__ import annotations

import csv
from importlib.resources import files

_FILE = files("therapy_review.importing") / "calendar_words.csv"
_WORDS = {
    row["meaning"]: row["words"].casefold().split()
    for row in csv.DictReader(_FILE.read_text("utf-8").splitlines())
}
MONTHS = {word: number for number in range(1, 13) for word in _WORDS[str(number)]}
BEFORE_NOON, AFTER_NOON, OF_24_HOURS = (
    frozenset(_WORDS[meaning]) for meaning in ("before noon", "after noon", "24 hours")
)
