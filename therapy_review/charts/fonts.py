"""What the charts can write with the fonts they bring along, and with those of this computer.

A client's own words may hold any character. One that the charts' fonts lack is taken from another installed font;
one that no installed font has is written out by its Unicode name, so that it is still read and is no empty box.
"""

from __future__ import annotations

import functools
import re
import textwrap
import unicodedata

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from therapy_review.fonts import for_charts

FONTS = for_charts()  # matplotlib looks for each character in one after the other
LONGEST = 44  # characters of a line with names of characters in it; the chart needs room too
# These have a glyph for everything: a box with the number of the character.
PLACEHOLDERS = ("Last Resort", ".LastResort", "Adobe Blank")


def write_out(figure: Figure) -> None:
    """Make every text of a figure one that can be drawn."""
    for axis in (axis for ax in figure.axes if ax.axison for axis in (ax.xaxis, ax.yaxis)):
        labels = [label.get_text() for label in axis.get_ticklabels()]
        if (written := [drawable(label) for label in labels]) != labels:
            axis.set_ticks(axis.get_ticklocs(), written)
            axis.get_ticklabels()  # so that the figure holds them
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    for text in texts:
        text.set_text(drawable(text.get_text()))
    needed = {_font_with(character) for text in texts for character in text.get_text() if character > " "}
    if more := sorted(font for font in needed if font and font not in FONTS):
        for text in texts:
            text.set_fontfamily([*FONTS, *more])


def drawable(text: str) -> str:
    r"""Write out the characters that no installed font has.

    Examples
    --------
    >>> drawable("tired, hopeful"), drawable("tired, \U0010fffd")
    ('tired, hopeful', 'tired, a sign')
    """
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if all(map(_font_with, line)):
        return line
    written = "".join(_written(character) for character in line)
    written = re.sub(r" +(?=[ ,.;:!?)]|$)|(?<=\() +", "", written).strip()
    return textwrap.shorten(written, LONGEST, placeholder=" …") if len(written) > LONGEST else written


def _written(character: str) -> str:
    if _unseen(character):
        return " " if character.isspace() else ""
    return character if _font_with(character) else f" {unicodedata.name(character, 'a sign').lower()} "


def _unseen(character: str) -> bool:
    """Tell whether a character only changes how others look: joiners, variants, colours of skin."""
    kind = unicodedata.category(character)
    return (
        kind in ("Cc", "Cf") or "\ufe00" <= character <= "\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


@functools.lru_cache(4096)
def _font_with(character: str) -> str | None:
    return next((font for font in (*FONTS, *_others()) if _draws(font, character)), None)


@functools.lru_cache(1)
def _others() -> tuple[str, ...]:
    plain = (f for f in font_manager.fontManager.ttflist if (f.style, f.weight) == ("normal", 400))
    return tuple(sorted({font.name for font in plain if not font.name.startswith(PLACEHOLDERS)}))


def _draws(family: str, character: str) -> bool:
    try:
        font = font_manager.get_font(font_manager.findfont(family, fallback_to_default=False))
        if not font.get_char_index(ord(character)):
            return False
        font.load_char(ord(character))
    except (OSError, RuntimeError, ValueError):  # a font that went away, or one that can't be read
        return False
    # Fonts of coloured pictures name a character and leave its outline empty.
    return character.isspace() or _unseen(character) or len(font.get_path()[0]) > 0
