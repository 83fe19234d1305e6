from .tags import MoodTags as MoodTags, said_anyway as said_anyway, tags_of as tags_of
from .words import (
    Private as Private,
    holds_sound as holds_sound,
    holds_words as holds_words,
    our_words as our_words,
    tidied as tidied,
    words_beside as words_beside,
    words_of as words_of,
)
