"""Corrections: what the client said about who speaks when.

A *corrections table* is a DataFrame with one line a statement, oldest first: ``start``, ``end`` (seconds from the
recording's start), ``speaker``, ``was`` (who was shown there before; empty where nobody was named yet) and
``step`` (lines of one number were said at once and are taken back at once). A speaker is ``client``,
``therapist`` or ``other``; ``nobody`` for silence; ``both``, or any roles joined by ``+``, for several at once.
With ``start,end,speaker`` alone it is a whole table too, so that it can be written by hand. A line may have no
times and the speaker ``swap``: client and therapist change places in all that stands above it, and in names that
turns have of their own, from tracks, from elsewhere or from voice prints.

Lines cover time. Where they do, the last of them alone says who speaks, whatever an analysis hears; where they do
not, nothing is changed. Lines that agree with what was shown also tell whose voice is whose (`evidence`); lines
that changed it tell only of their own stretch, for they were said where the engine had erred.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from therapy_review.consent import ROLES
from therapy_review.errors import JournalError, TurnsError
from therapy_review.storage import HandTable

COLUMNS = ["start", "end", "speaker", "was", "step"]
NEEDED = COLUMNS[:3]
NUMBERS = {"start": "{:.3f}".format, "end": "{:.3f}".format, "step": "{:.10g}".format}
TABLE = HandTable("corrections.csv", COLUMNS, COLUMNS[3:], NUMBERS)
no_corrections, written = TABLE.none, TABLE.written
NOBODY, BOTH, SWAP = "nobody", "both", "swap"
THE_OTHER = {"client": "therapist", "therapist": "client"}

People = frozenset[str]


@dataclass(frozen=True)
class Correction:
    """One statement: from `start` to `end`, this is who speaks.

    Parameters
    ----------
    start, end : float
        Seconds from the recording's start; kept to the millisecond.
    speaker : str
        A role, ``nobody``, ``both``, or roles joined by ``+``; ``swap`` with times that are NaN.
    was : str
        Who was shown there before, in the same words; empty where nobody was named.

    Raises
    ------
    TurnsError
        When the times are none, or the speaker is no such word.

    Examples
    --------
    >>> Correction(5.44, 8.14, "therapist")
    Correction(start=5.44, end=8.14, speaker='therapist', was='')
    """

    start: float
    end: float
    speaker: str
    was: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", round(float(self.start), 3))
        object.__setattr__(self, "end", round(float(self.end), 3))
        if self.speaker.strip().lower() == SWAP and math.isnan(self.start) and math.isnan(self.end):
            object.__setattr__(self, "speaker", SWAP)
            return
        if not (0 <= self.start < self.end < math.inf):
            raise TurnsError(
                f"A correction can't last from {self.start} s to {self.end} s; give an end after its start."
            )
        object.__setattr__(self, "speaker", one_word(people_in(self.speaker)))
        object.__setattr__(self, "was", one_word(people_in(self.was)) if self.was else "")


def people_in(said: str) -> People:
    """Take the word for who speaks apart.

    Parameters
    ----------
    said : str
        A role, ``nobody``, ``both``, or roles joined by ``+``.

    Returns
    -------
    frozenset of str
        Roles.

    Raises
    ------
    TurnsError
        When it is no such word.
    """
    word = said.strip().lower()
    people = frozenset(ROLES[:2] if word == BOTH else () if word == NOBODY else word.split("+"))
    if not people <= set(ROLES):
        raise TurnsError(
            f"{said!r} is nobody a correction can name; write client, therapist, other, both or nobody."
        )
    return people


def one_word(people: People) -> str:
    """Put who speaks into one word.

    Parameters
    ----------
    people : frozenset of str
        Roles.

    Returns
    -------
    str

    Raises
    ------
    TurnsError
        When somebody among them has no role.

    Examples
    --------
    >>> one_word(frozenset({"therapist", "client"})), one_word(frozenset())
    ('both', 'nobody')
    """
    if strangers := people - set(ROLES):
        raise TurnsError(f"Nobody knows yet who {min(strangers)} is; say first which voice is whose.")
    if people == frozenset(ROLES[:2]):
        return BOTH
    return "+".join(role for role in ROLES if role in people) or NOBODY


def read(data: bytes, where: str) -> pd.DataFrame:
    r"""Read a corrections table from a file's bytes.

    Examples
    --------
    >>> read(b"start,end,speaker\n1.5,4,Client\n", "corrections.csv")
       start  end speaker was  step
    0    1.5  4.0  client       NaN
    """
    table = TABLE.read(data, where)
    table = table[[*COLUMNS, *(c for c in table.columns if c not in COLUMNS)]]
    try:
        lines = [Correction(*line) for line in table[COLUMNS[:4]].itertuples(index=False)]
    except TurnsError as error:
        raise JournalError(f"In {where}: {error}") from error
    for name in COLUMNS[:4]:
        table[name] = pd.Series([getattr(line, name) for line in lines], dtype=table[name].dtype)
    # A line written by hand belongs after the line above it, even when the file was sorted since.
    return table.iloc[np.argsort(table["step"].ffill().fillna(0), kind="stable")].reset_index(drop=True)


def record(corrections: pd.DataFrame, lines: Iterable[Correction]) -> pd.DataFrame:
    """Put lines under the table, as one step, which is taken back at once.

    Examples
    --------
    >>> table = record(no_corrections(), [Correction(1, 4, "client")])
    >>> record(table, [Correction(2, 3, "both"), Correction(6, 7, "nobody")])["step"].tolist()
    [1.0, 2.0, 2.0]
    """
    step = corrections["step"].max() if corrections["step"].notna().any() else 0
    new = pd.DataFrame([{**asdict(line), "step": float(step) + 1} for line in lines], columns=COLUMNS)
    if new.empty:
        return corrections
    if corrections.empty:
        new = new.astype({"start": float, "end": float, "step": float})
        return new.assign(**{c: "" for c in corrections.columns if c not in COLUMNS})
    table = pd.concat([corrections, new], ignore_index=True)
    return table.fillna({c: "" for c in table.columns if c not in ("start", "end", "step")})


def undo(corrections: pd.DataFrame) -> pd.DataFrame:
    """Take back the last step, whole; a line without a step is a step of its own."""
    if corrections.empty:
        return corrections
    last = corrections["step"].iloc[-1]
    kept = corrections[corrections["step"] != last] if pd.notna(last) else corrections[:-1]
    return kept.reset_index(drop=True)


def last_word(corrections: pd.DataFrame) -> pd.DataFrame:
    """Give what the lines say in the end: stretches in order of time, none over another.

    Parameters
    ----------
    corrections : DataFrame
        A corrections table.

    Returns
    -------
    DataFrame
        Columns start, end (s), speaker, was; roles are those after every swap.

    Examples
    --------
    >>> swap = Correction(math.nan, math.nan, "swap")
    >>> lines = [Correction(0, 9, "client"), swap, Correction(4, 5, "nobody")]
    >>> last_word(record(no_corrections(), lines))["speaker"].tolist()
    ['therapist', 'nobody', 'therapist']
    """
    lines = _after_swaps(corrections)
    edges = np.unique(lines[["start", "end"]].to_numpy(dtype=float))
    owner = np.full(max(0, len(edges) - 1), -1)
    for number, (start, end) in enumerate(lines[["start", "end"]].to_numpy(dtype=float)):
        owner[np.searchsorted(edges, start) : np.searchsorted(edges, end)] = number
    firsts = np.flatnonzero(np.diff(owner, prepend=-1, append=-1))
    rows = []
    for first, after in pairwise(firsts):
        if (which := owner[first]) >= 0:
            rows.append(
                (edges[first], edges[after], *(lines[name].iloc[which] for name in ("speaker", "was")))
            )
    types = {"start": float, "end": float, "speaker": str, "was": str}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def without_answers(corrections: pd.DataFrame) -> pd.DataFrame:
    """Take back what was said about whose voice is whose, and keep what changed single stretches.

    What is kept has changed places by the swaps, which go.

    Examples
    --------
    >>> said = record(no_corrections(), [Correction(0, 4, "client"), Correction(5, 6, "client", was="therapist")])
    >>> without_answers(record(said, [Correction(math.nan, math.nan, "swap")]))[["start", "speaker", "was"]]
       start    speaker     was
    0    5.0  therapist  client
    """
    kept = _after_swaps(corrections)
    agreed = (kept["was"] == "") | (kept["was"] == kept["speaker"])
    return kept[~(kept["speaker"].isin(ROLES) & agreed)].reset_index(drop=True)


def is_swapped(corrections: pd.DataFrame) -> bool:
    """Tell whether client and therapist have changed places in the names that turns have of their own.

    Parameters
    ----------
    corrections : DataFrame
        A corrections table.

    Returns
    -------
    bool
        False also where they were swapped and swapped back.
    """
    return bool((corrections["speaker"] == SWAP).sum() % 2)


def _after_swaps(corrections: pd.DataFrame) -> pd.DataFrame:
    """Give the lines that are no swaps, with roles as every swap below them leaves them."""
    swaps = (corrections["speaker"] == SWAP).to_numpy(dtype=bool)
    lines, swapped = corrections[~swaps].copy(), (np.cumsum(swaps[::-1])[::-1] % 2)[~swaps]
    for name in ("speaker", "was"):
        lines[name] = lines[name].where(swapped == 0, lines[name].map(_swapped))
    return lines


def _swapped(said: str) -> str:
    return one_word(frozenset(THE_OTHER.get(who, who) for who in people_in(said))) if said else said


def evidence(corrections: pd.DataFrame) -> pd.DataFrame:
    """Give the stretches that tell whose voice is whose: of one person, and shown as theirs or as nobody's yet.

    Parameters
    ----------
    corrections : DataFrame
        A corrections table.

    Returns
    -------
    DataFrame
        Columns start, end (s), speaker, for `therapy_review.turns.table.name_speakers`.
    """
    said = last_word(corrections)
    agreed = (said["was"] == "") | (said["was"] == said["speaker"])
    return said.loc[said["speaker"].isin(ROLES) & agreed, NEEDED].reset_index(drop=True)
