from . import (
    check as check,
    consent as consent,
    erase as erase,
    moods as moods,
    new as new,
    notebooks as notebooks,
    report as report,
    seal as seal,
    share as share,
    terminal as terminal,
    turns as turns,
    voice as voice,
)
