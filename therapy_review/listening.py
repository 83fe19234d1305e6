"""Two minutes of listening: the client hears what the analysis is least sure of, and says who speaks.

Nothing is asked until the client begins, and every answer is saved at once. An answer that changed something may
hold for other stretches that sound the same: they are counted, two of them can be heard, and nothing is done
before the client says so. The last answer, whatever it changed, can be taken back.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from therapy_review import analysis
from therapy_review.alike import alike, hearing, relabel_alike
from therapy_review.correcting import relabel
from therapy_review.corrections import spoken_of
from therapy_review.errors import TherapyReviewError
from therapy_review.least_certain import least_certain
from therapy_review.player import Moment
from therapy_review.still import HOW_TO_START, Still, clock, is_still
from therapy_review.turns import are_named

if TYPE_CHECKING:
    from ipywidgets import VBox

    from therapy_review.corrections import Correction
    from therapy_review.session import Session

MINUTES = 2.0
DONE = "That is all, thank you. Run the cells of this page once more and the charts will follow."
IF_YOU_LIKE = "If you like, hear them and say who speaks; stop whenever you want."
TO_HEAR = 2  # of the stretches that sound alike
ANSWERS = {
    "Me": "client",
    "My therapist": "therapist",
    "Somebody else": "other",
    "Both at once": "both",
    "Nobody": "nobody",
}
SHOWN = {who: text[0].lower() + text[1:] for text, who in ANSWERS.items()}


def two_minutes(session: Session) -> VBox | Still:
    """Offer to hear the stretches the analysis is least sure of, and to say who speaks there.

    Parameters
    ----------
    session : Session
        One that was analysed.

    Returns
    -------
    VBox or Still
        A button that begins it, or a sentence where there is nothing to ask or nobody to press it.

    Raises
    ------
    NotAnalysedError
        When the session has no turns yet.
    """
    if not are_named(session.turns):
        return Still("<p>Say first which voice is yours; then single stretches can be put right.</p>")
    asked = least_certain(session.turns, MINUTES, session.corrections)
    if asked.empty:
        return Still("<p>There is nothing left to ask about who spoke when.</p>")
    if is_still():
        return Still(
            f"<p>{_least_sure(len(asked))}. {HOW_TO_START} to hear and say who speaks; "
            "it takes about two minutes.</p>"
        )
    return Listening(session, asked).box


class Listening:
    """The form of two minutes of listening.

    Parameters
    ----------
    session : Session
    asked : DataFrame
        From `therapy_review.least_certain.least_certain`.

    Attributes
    ----------
    box : VBox
        What is shown.
    """

    def __init__(self, session: Session, asked: pd.DataFrame) -> None:
        import ipywidgets as w

        self._session, self._asked, self._at = session, asked, 0
        self._said: list[int] = []  # where each step was said that can be taken back here
        self._hear = hearing(session)
        self._busy = threading.Lock()  # messages may come on a thread of their own
        self._state = w.HTML()
        self._question, self._offer = w.VBox(), w.VBox()
        self._undo = self._button("Take back the last answer", self._take_back)
        begin = self._button("Two minutes of listening", self._ask, "headphones")
        self._state.value = f"<em>{_least_sure(len(asked))}. {IF_YOU_LIKE}</em>"
        self._question.children = [w.HBox([begin])]
        self.box = w.VBox([self._state, self._question, self._offer])

    def _button(self, text: str, act: Callable[[], None], icon: str = "") -> Any:
        import ipywidgets as w

        button = w.Button(description=text, icon=icon, layout=w.Layout(width="auto"))

        def pressed(_: Any) -> None:
            if not self._busy.acquire(blocking=False):
                return  # pressed twice
            try:
                act()
            except TherapyReviewError as error:
                self._state.value = f"<strong>{html.escape(str(error))}</strong>"
            finally:
                self._busy.release()

        button.on_click(pressed)
        return button

    def _ask(self) -> None:
        """Show the next stretch that nothing was said about yet."""
        import ipywidgets as w

        self._offer.children = []
        while self._at < len(self._asked) and self._is_answered(self._at):
            self._at += 1
        if self._at == len(self._asked):
            self._state.value = f"<em>{DONE}</em>"
            self._question.children = [w.HBox([self._undo])] if self._said else []
            return
        start, end = self._span()
        place = f"Stretch {self._at + 1} of {len(self._asked)}"
        self._state.value = f"<em>{place}. So far it counts as: {SHOWN[self._speaker()]}.</em>"
        moment = Moment(self._session, start, end, "Who speaks here?")
        answers = [self._button(text, partial(self._answered, who)) for text, who in ANSWERS.items()]
        last = [self._undo] if self._said else []
        skip = self._button("Skip", self._next)
        self._question.children = [moment, w.HBox(answers, layout=_wrapping()), w.HBox([skip, *last])]

    def _span(self) -> tuple[float, float]:
        return float(self._asked["start"].iloc[self._at]), float(self._asked["end"].iloc[self._at])

    def _speaker(self) -> str:
        return str(self._asked["speaker"].iloc[self._at])

    def _is_answered(self, at: int) -> bool:
        return bool(spoken_of(self._asked.iloc[[at]], self._session.corrections)[0])

    def _next(self) -> None:
        self._at += 1
        self._ask()

    def _keep(self, lines: list[Correction]) -> None:
        self._session.correct(lines)
        self._said.append(self._at)
        analysis.rename(self._session)

    def _answered(self, who: str) -> None:
        start, end = self._span()
        # The file may have been changed by another program since: what holds now is what is answered.
        lines = relabel(analysis.analyse(self._session), start, end, who, self._speaker())
        if lines:
            self._keep(lines)
        if all(line.speaker == line.was for line in lines):
            self._next()
            return
        self._state.value = "<em>Kept. Listening for others that sound the same …</em>"
        self._question.children = []
        found = alike(self._session.turns, self._session.corrections, start, end, self._hear)
        if found.empty:
            self._next()
        else:
            self._ask_about(found)

    def _ask_about(self, found: pd.DataFrame) -> None:
        """Count the stretches that sound alike, and let two of them be heard."""
        import ipywidgets as w

        one, who = len(found) == 1, SHOWN[found["to"].iloc[0]]
        times = ", ".join(clock(start) for start in found["start"])
        self._state.value = (
            f"<em>Kept. {'One more stretch sounds' if one else f'{len(found)} more stretches sound'} like this one "
            f"(at {times}). Change {'it' if one else 'them'} to “{who}” too?</em>"
        )
        middle = found.sort_values("closer", kind="stable").iloc[max(0, (len(found) - TO_HEAR) // 2) :]
        spans = middle[["start", "end"]].iloc[:TO_HEAR].itertuples(index=False)
        moments = [Moment(self._session, a, b, "One of them") for a, b in spans]
        change = self._button(
            f"Change {'it' if one else f'these {len(found)}'}", partial(self._change, found)
        )
        self._offer.children = [
            *moments,
            w.HBox([change, self._button("Leave as it is", self._next), self._undo]),
        ]

    def _change(self, found: pd.DataFrame) -> None:
        self._keep(relabel_alike(self._session.turns, found))
        self._next()

    def _take_back(self) -> None:
        if self._said:
            self._session.undo_correction()
            analysis.rename(self._session)
            self._at = self._said.pop()
            self._ask()


def _least_sure(count: int) -> str:
    if count == 1:
        return "There is one short stretch the computer is least sure about"
    return f"There are {count} short stretches the computer is least sure about"


def _wrapping() -> Any:
    import ipywidgets as w

    return w.Layout(flex_flow="row wrap")
