from . import reading as reading, words as words
