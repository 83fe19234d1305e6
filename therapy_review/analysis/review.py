"""Two minutes of listening: the client hears what the analysis is least sure of, and says who speaks.

Nothing is asked until the client begins, and every answer is saved at once. An answer that changed something may
hold for other stretches that sound the same: they are counted, two of them can be heard, and nothing is done
before the client says so. The last answer, whatever it changed, can be taken back.

Every stretch an engine heard is that speaker's only with some probability, its confidence. Where it is not, the
talk times of two people are wrong by the length of the stretch; asking costs the time it takes to hear whose voice
it is. The stretches with the most expected seconds of error for each second of listening come first. What no
answer about a stretch can repair, words that were not heard at all or breath taken for speech, stays.

What is shown is a `Step`; every verb of `Listening` returns the one that follows. Who shows it, and plays the
sound, is no matter of this module.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from therapy_review.analysis import analysis
from therapy_review.analysis.similar import alike, hearing, relabel_alike
from therapy_review.errors import TurnsError
from therapy_review.journal import no_corrections
from therapy_review.turns import TOLERANCE, are_named, edits, spoken_of
from therapy_review.wording import clock

if TYPE_CHECKING:
    from therapy_review.journal import Correction, Session

MINUTES = 2.0
AROUND = 1.0  # seconds to press play, and to answer
TOGETHER = 1.0  # seconds of silence at most between stretches that are asked about as one
AS_SURE = 0.15  # by how much the confidence of such stretches may differ
LONGEST = 8.0  # seconds of stretches put together: all are heard, for who begins may not be who goes on
DOUBT = 0.005  # no engine is surer than that
COLUMNS = ["start", "end", "speaker", "confidence", "error"]
CHANGED_TOO = "Kept; the others are changed too."
CHANGED_ELSEWHERE = "Something was put right elsewhere since, so nothing was taken back here."
DONE = "That is all, thank you. Bring the charts up to date whenever you like."
IF_YOU_LIKE = "If you like, hear them and say who speaks; stop whenever you want."
NOT_NAMED = "Say first which voice is yours; then single stretches can be put right."
NOTHING_LEFT = "There is nothing left to ask about who spoke when."
TO_HEAR = 2  # of the stretches that sound alike
ANSWERS = {
    "client": "Me",
    "therapist": "My therapist",
    "other": "Somebody else",
    "both": "Both at once",
    "nobody": "Nobody",
}
SHOWN = {who: text[0].lower() + text[1:] for who, text in ANSWERS.items()}

Kind = Literal["question", "offer", "done", "nothing"]


@dataclass(frozen=True)
class Step:
    """What is shown now, and what can be said to it; `dataclasses.asdict` makes it ready to be sent.

    The spans (s) can be heard: one for a question, up to two for an offer. The speaker is who a question's stretch
    counts as so far, or who those of an offer would become; `alike` is how many stretches an offer would change.
    """

    kind: Kind
    sentence: str
    spans: tuple[tuple[float, float], ...] = ()
    speaker: str = ""
    number: int = 0
    of: int = 0
    alike: int = 0
    can_take_back: bool = False


class Listening:
    """Two minutes of listening: what to ask next, and what an answer changes.

    A verb returns the step that follows. One that does not fit what is asked now, or comes while another is still
    at work (a button pressed twice), changes nothing and returns the present step. All raise a `TherapyReviewError`
    when a word is none, the corrections can't be read, or somebody heard does not agree any more.

    Parameters
    ----------
    session : Session
        One that was analysed; nothing is read or heard of it before `begin`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._hear = hearing(session)  # what was heard once is not heard again
        self._busy = threading.Lock()  # messages may come on a thread of their own
        self.reset()

    def reset(self) -> None:
        """Begin anew, with nothing asked; what was answered stays kept, and can't be taken back here any more."""
        self._asked = pd.DataFrame()
        self._alike: dict[int, pd.DataFrame] = {}  # by the question they came of
        # To what each answer was that can be taken back here, and how many lines there were after it.
        self._said: list[tuple[Step, int]] = []
        self._step = Step("nothing", "")

    @property
    def lines(self) -> list[int]:
        """How many lines of corrections there were after each answer that can be taken back here."""
        return [lines for _, lines in self._said]

    @property
    def step(self) -> Step:
        """What is asked now; after an error too, so that the client can try again or go on."""
        return self._step

    def begin(self) -> Step:
        """Choose what to ask, and ask the first; one that was begun and is not done yet goes on where it was.

        Raises
        ------
        NotAnalysedError
            When the session has no turns yet.
        """
        return self._act(self._begun, "nothing", "done")

    def answer(self, who: str) -> Step:
        """Say by a word of `ANSWERS` who speaks in the stretch that is asked about; it is saved at once.

        An offer follows when something changed and others sound alike; else the next question, or the end.
        """
        return self._act(lambda: self._answered(who), "question")

    def offer_alike(self, start: float, end: float) -> Step:
        """Look whether others sound like a stretch (s) that was put right by hand, while nothing else is asked.

        An offer of no number follows; or nothing, where there are none.
        """
        return self._act(lambda: self._alike_by_hand(start, end), "nothing", "done")

    def skip(self) -> Step:
        """Leave the stretch that is asked about as it is, unanswered."""
        return self._act(self._next, "question")

    def change_alike(self) -> Step:
        """Do what is offered: change the stretches that sound alike too."""
        return self._act(self._changed, "offer")

    def leave_alike(self) -> Step:
        """Leave the stretches that sound alike as they are."""
        return self._act(self._next, "offer")

    def take_back(self) -> Step:
        """Undo the last answer, whatever it changed, and ask again what it was an answer to.

        Raises
        ------
        TurnsError
            When another program added to the corrections since.
        """
        return self._act(self._taken_back, "question", "offer", "done")

    def _act(self, act: Callable[[], Step], *fits: Kind) -> Step:
        if not self._busy.acquire(blocking=False):
            return self._step
        try:
            if self._step.kind in fits:
                self._step = act()
            return self._step
        finally:
            self._busy.release()

    def _begun(self) -> Step:
        self._asked, sentence = _to_ask(self._session)
        self._said, self._alike = [], {}
        return Step("nothing", sentence) if self._asked.empty else self._ask_from(1)

    def _ask_from(self, number: int) -> Step:
        """Ask the first question from that one on that nothing was said about yet."""
        answered = spoken_of(self._asked, self._session.corrections)
        while number <= len(answered) and answered[number - 1]:
            number += 1
        if number > len(answered):
            return Step("done", DONE, can_take_back=bool(self._said))
        start, end, who = self._asked[["start", "end", "speaker"]].iloc[number - 1]
        return Step(
            "question",
            f"Stretch {number} of {len(answered)}. Who speaks here? So far it counts as: {SHOWN[who]}.",
            spans=((float(start), float(end)),),
            speaker=str(who),
            number=number,
            of=len(answered),
            can_take_back=bool(self._said),
        )

    def _alike_by_hand(self, start: float, end: float) -> Step:
        self._step, self._said = Step("nothing", ""), []
        found = alike(self._session.turns, self._session.corrections, start, end, self._hear)
        return self._step if found.empty else self._offer(found)

    def _next(self) -> Step:
        if not self._step.number:  # the offer came of no question
            return Step("nothing", "")
        return self._ask_from(self._step.number + 1)

    def _keep(self, lines: list[Correction]) -> None:
        self._said.append((self._step, self._session.correct(lines)))
        # Whatever fails from here on, the answer is in the file and can be taken back.
        self._step = replace(self._step, can_take_back=True)
        analysis.rename(self._session)

    def _answered(self, who: str) -> Step:
        ((start, end),) = self._step.spans
        # The file may have been changed by another program since: what holds now is what is answered.
        lines = edits.relabel(analysis.analyse(self._session), start, end, who, self._step.speaker)
        if lines:
            self._keep(lines)
        if all(line.speaker == line.was for line in lines):
            return self._next()
        found = alike(self._session.turns, self._session.corrections, start, end, self._hear)
        return self._next() if found.empty else self._offer(found)

    def _offer(self, found: pd.DataFrame) -> Step:
        """Count the stretches that sound alike, and let two of them be heard."""
        self._alike[self._step.number] = found
        who, count = str(found["to"].iloc[0]), len(found)
        times = ", ".join(clock(start) for start in found["start"])
        middle = found.sort_values("closer", kind="stable").iloc[max(0, (count - TO_HEAR) // 2) :]
        spans = middle[["start", "end"]].iloc[:TO_HEAR].itertuples(index=False)
        return Step(
            "offer",
            f"Kept. {'One more stretch sounds' if count == 1 else f'{count} more stretches sound'} like this one "
            f"(at {times}). Change {'it' if count == 1 else 'them'} to “{SHOWN[who]}” too?",
            spans=tuple((float(start), float(end)) for start, end in spans),
            speaker=who,
            number=self._step.number,
            of=self._step.of,
            alike=count,
            can_take_back=bool(self._said),
        )

    def _changed(self) -> Step:
        turns = analysis.analyse(self._session)
        found = self._alike[self._step.number]
        unsaid = found[~spoken_of(found, self._session.corrections)]
        if lines := relabel_alike(turns, unsaid):
            self._keep(lines)
        return self._next() if self._step.number else Step("nothing", CHANGED_TOO)

    def _taken_back(self) -> Step:
        if not self._said:
            return self._step
        last, lines = self._said[-1]
        if not self._session.undo_correction(lines):
            raise TurnsError(CHANGED_ELSEWHERE)
        self._said.pop()
        # Asked again at once: whatever fails from here on, the answer is no longer in the file.
        self._step = last if last.kind == "offer" else self._ask_from(last.number)
        analysis.rename(self._session)
        return self._step


def offer(session: Session) -> str:
    """Invite to two minutes of listening, or say why there is nothing to ask."""
    asked, sentence = _to_ask(session)
    count = "is one short stretch" if len(asked) == 1 else f"are {len(asked)} short stretches"
    return sentence if asked.empty else f"There {count} the computer is least sure about. {IF_YOU_LIKE}"


def _to_ask(session: Session) -> tuple[pd.DataFrame, str]:
    """Choose what to ask, and say why where that is nothing."""
    turns = session.turns
    if not are_named(turns):
        return pd.DataFrame(), NOT_NAMED
    return least_certain(turns, MINUTES, session.corrections), NOTHING_LEFT


def least_certain(
    turns: pd.DataFrame, minutes: float = 2.0, corrections: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Choose the stretches whose correction would change the measures most within some minutes of listening.

    The most worthwhile first; ``error`` is the seconds that are expected to be given to the wrong one. What the
    corrections speak of is not asked about again.
    """
    pieces = _pieces(turns[~spoken_of(turns, no_corrections() if corrections is None else corrections)])
    cost = (pieces["end"] - pieces["start"]).to_numpy() + AROUND
    order = np.argsort(-pieces["error"].to_numpy() / cost, kind="stable")
    fits = np.cumsum(cost[order]) <= minutes * 60 + TOLERANCE
    return pieces.iloc[order[fits]].reset_index(drop=True)


def _pieces(turns: pd.DataFrame) -> pd.DataFrame:
    """Put neighbouring stretches of one speaker that are about as sure together, as far as one answer reaches."""
    start, end, sure = (turns[name].to_numpy(dtype=float) for name in ("start", "end", "confidence"))
    speaker = turns["speaker"].to_numpy(dtype=object)
    group, first = np.zeros(len(turns), dtype=int), 0
    for i in range(1, len(turns)):
        goes_on = speaker[i] == speaker[first] and start[i] - end[i - 1] <= TOGETHER
        if goes_on and end[i] - start[first] <= LONGEST and abs(sure[i] - sure[first]) <= AS_SURE:
            group[i] = group[i - 1]
        else:
            group[i], first = group[i - 1] + 1, i
    voiced = end - start
    rows = turns.assign(error=(1 - np.minimum(sure, 1 - DOUBT)) * voiced, voiced=voiced, sure=sure * voiced)
    by = rows.groupby(group)
    pieces = by.agg(
        start=("start", "min"), end=("end", "max"), speaker=("speaker", "first"), error=("error", "sum")
    )
    return pieces.assign(confidence=by["sure"].sum() / by["voiced"].sum())[COLUMNS]
