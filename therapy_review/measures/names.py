"""What moods, totals and measures are called in a sentence, each standing alone."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from therapy_review.journal import BUILT_IN_SCALES, Scale
from therapy_review.measures.pitch_loudness import VOICE_MEASURES
from therapy_review.measures.talk import MEASURES, OF_ONE

MOOD_NAMES: Mapping[str, tuple[str, str]] = {
    "mood_before": ("the mood you came with", "points"),
    "mood_after": ("the mood you left with", "points"),
    "mood_change": ("the mood you left with less the one you came with", "points"),
}
# Where the words beside a chart's number make no sentence of their own.
NAMES = {
    "silence_share": "the part of the session nobody filled",
    "long_silence_time": "the time in silences of three seconds or more",
    "longest_silence": "the longest silence",
    "long_silences_inside_turn": "silences of three seconds or more inside one turn",
    "pitch": "the middle pitch of {whose} voice",
    "pitch_range": "how far the middle half of {whose} pitch ranges",
    "loudness": "the middle loudness of {whose} voice beside the session's",
    "loudness_range": "how far the middle half of {whose} loudness ranges",
    "talk_time": "{whose} time speaking",
    "pauses": "{whose} pauses within turns",
    "pause_median": "the middle length of {whose} pauses within turns",
    "latency_q1": "{whose} quicker quarter of times before answering",
    "latency_median": "{whose} middle time before answering",
    "latency_q3": "{whose} slower quarter of times before answering",
}

# What a measure counts, for the caption of every chart that shows it.
COUNTS = {
    "talk_share": "Part of the talking: somebody's time speaking, of everybody's; silence is left out.",
    "longest_turn": "A turn goes on until somebody else takes the floor.",
    "long_silences": "Silences of 3 s or more are counted, within turns and between them.",
    "longest_silence": "The longest silence is within a turn or between two.",
    "latency_median": "Time before answering: from the end of another's turn; below 0 where both spoke at once.",
}


def what_counts(table: pd.DataFrame) -> str:
    """Say what measures count, and from where on a silence could be seen.

    Parameters
    ----------
    table : DataFrame
        As from `therapy_review.trends.table.trends`.

    Returns
    -------
    str
        Empty for what the client noted.

    Examples
    --------
    >>> what_counts(pd.DataFrame({"measure": ["longest_turn"], "value": [9.0], "floor": [0.2]}))
    'A turn goes on until somebody else takes the floor. The shortest silence that could be seen: 0.2 s.'
    """
    own = table[table["value"].notna()]
    said = [COUNTS[measure] for measure in dict.fromkeys(own["measure"]) if measure in COUNTS]
    if not said:
        return ""
    floors = sorted(own["floor"].dropna().unique()) if "floor" in own else []
    if floors:
        reach = " to ".join(f"{floor:g}" for floor in dict.fromkeys((floors[0], floors[-1])))
        said.append(f"The shortest silence that could be seen: {reach} s.")
    return " ".join(said)


def name_of(measure: str, speaker: str = "", scales: Mapping[str, Scale] | None = None) -> str:
    """Give the plain name of a measure.

    Parameters
    ----------
    measure : str
    speaker : str
        A role, or empty.
    scales : mapping of str to Scale, optional
        The questionnaires of a journal, as the client calls them; PHQ-9 and GAD-7 when left out.

    Returns
    -------
    str

    Examples
    --------
    >>> name_of("talk_share", "therapist"), name_of("mood_after"), name_of("phq9")
    ("your therapist's part of all talking", 'the mood you left with', 'PHQ-9')
    """
    known = {**MEASURES, **VOICE_MEASURES, **MOOD_NAMES}
    scales = BUILT_IN_SCALES if scales is None else scales
    if measure not in known:
        return scales[measure].name if measure in scales else measure
    of_one = measure in OF_ONE or measure in VOICE_MEASURES
    words = NAMES.get(measure, f"{{whose}} {known[measure][0]}" if of_one else known[measure][0])
    whose = {"client": "your", "therapist": "your therapist's"}.get(speaker, "the other person's")
    return words.format(whose=whose)
