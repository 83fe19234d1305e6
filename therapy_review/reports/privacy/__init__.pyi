from . import texts as texts, words as words
