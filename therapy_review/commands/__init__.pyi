from . import (
    check as check,
    consent as consent,
    erase as erase,
    moods as moods,
    notebooks as notebooks,
    report as report,
    seal as seal,
    share as share,
    voice as voice,
)
from .notebooks import Sound as Sound, SoundOption as SoundOption
