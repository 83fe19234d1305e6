"""Who is who: the client says by a few clips which voice is theirs, and what is wrong can be put right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from therapy_review.analysis import analysis
from therapy_review.display import Still, how_to_start, is_still
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import Session, corrections, kept_turns
from therapy_review.player import Moment
from therapy_review.turns import are_named, edits
from therapy_review.wording import strong

BY_VOICE = "The charts name you by your voice; if that is wrong, say so below."
YOU_SAID = "You have said which voice is yours, so the charts can name you both."
THEY_SAY = "The charts name you as the tracks of this recording do, or the turns that were brought in."
OTHER_WAY_ROUND, ASK_AGAIN = "It is the other way round", "Ask me again"
SWAPPED = (
    "You and your therapist have changed places. Run the cells below once more and the charts will show it."
)
ASKED_AGAIN = (
    "Your answers about whose voice is whose are taken back; what you changed besides is still there."
)
CLIPS = 3
CLIP = (2.5, 6.0)  # seconds: long enough to know a voice, short enough to be easy to hear


def clips_to_ask_about(heard: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """Choose three short clips of one voice alone that were not asked about yet, the surest of both voices.

    They stand in order of time, so that their order tells nothing.
    """
    clips = heard.assign(end=heard["end"].clip(upper=heard["start"] + CLIP[1]))
    long_enough = (clips["end"] - clips["start"] >= CLIP[0]).to_numpy()
    another = clips["speaker"].to_numpy()[:, None] != heard["speaker"].to_numpy()
    heard_too = (_share_time(clips, heard) & another).any(axis=1)
    fits: pd.DataFrame = clips[long_enough & ~heard_too & ~_share_time(clips, said).any(axis=1)]
    ranked = fits.sort_values("confidence", ascending=False, kind="stable")
    by_voice = ranked.assign(turn_of=ranked.groupby("speaker").cumcount())
    chosen = by_voice.sort_values(["turn_of", "confidence"], ascending=[True, False], kind="stable")[:CLIPS]
    return chosen.sort_values("start")[["start", "end"]].reset_index(drop=True)


def _share_time(clips: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell of each clip (rows) and each other stretch (columns) whether they lie over each other."""
    starts, ends = clips["start"].to_numpy()[:, None], clips["end"].to_numpy()[:, None]
    shared: NDArray[np.bool_] = (starts < others["end"].to_numpy()) & (ends > others["start"].to_numpy())
    return shared


def who_is_who(session: Session) -> w.VBox | Still:
    """Ask the client which voice is theirs, by three short clips; say so when it is known.

    Where the voices were named by a voice print the same clips are there, to say that this was wrong, or right.
    Wherever they are named, client and therapist can change places, and answers can be taken back.

    Parameters
    ----------
    session : Session
        One that was analysed.

    Returns
    -------
    VBox or Still

    Raises
    ------
    NotAnalysedError
        When the session has no turns yet.
    """
    by_voice = bool((session.made_from().get("by_voice") or {}).get("roles"))
    if are_named(session.turns) and not by_voice:
        answered = not corrections.evidence(session.corrections).empty
        return _known(session, YOU_SAID if answered else THEY_SAY)
    clips = clips_to_ask_about(session.turns, corrections.last_word(session.corrections))
    if by_voice and (clips.empty or is_still()):
        return _known(session, BY_VOICE)
    if clips.empty:
        return Still("<p>No stretch of this recording is long enough to ask whose voice it is.</p>")
    if is_still():
        return Still(
            "<p>Nobody has said yet which voice is whose, so the charts say voice 1 and voice 2. "
            f"{how_to_start()}; you will hear three short clips.</p>"
        )
    ask = w.HTML(
        f"<em>{BY_VOICE} Here are short clips.</em>"
        if by_voice
        else "<em>Here are short clips. Say for each whether it is you; skip what you are not sure of.</em>"
    )
    state = w.HTML()
    times = zip(clips["start"].tolist(), clips["end"].tolist(), strict=True)
    rows = [_question(session, start, end, state) for start, end in times]
    form = w.VBox([ask, *rows, state])
    if by_voice:
        form.children = [ask, *rows, _changes(session, form), state]
    return form


def _known(session: Session, sentence: str) -> w.VBox | Still:
    """Say who named the voices, with buttons for when that is wrong where they can be pressed."""
    if is_still():
        return Still(f"<p>{sentence}</p>")
    form = w.VBox([w.HTML(f"<p>{sentence}</p>")])
    form.children = [*form.children, _changes(session, form), w.HTML()]
    return form


def _changes(session: Session, form: w.VBox) -> Any:
    """Make the buttons for names that are wrong; what is shown in the form follows."""

    def change(act: Callable[[], object], sentence: str) -> None:
        try:
            act()
            analysis.rename(session)
            now = who_is_who(session)
        except TherapyReviewError as error:
            form.children[-1].value = strong(str(error))
            return
        if isinstance(now, Still):
            now = w.VBox([w.HTML(now.markup), w.HTML()])
        now.children[-1].value = f"<em>{sentence}</em>"
        form.children = [now]

    swap = w.Button(description=OTHER_WAY_ROUND, layout=w.Layout(width="auto"))
    swap.on_click(lambda _: change(lambda: session.correct(_other_way_round(session)), SWAPPED))
    again = w.Button(description=ASK_AGAIN, layout=w.Layout(width="auto"))
    again.on_click(lambda _: change(session.take_back_answers, ASKED_AGAIN))
    voices = kept_turns(session.derived("voices.csv"))
    can_ask = not corrections.evidence(session.corrections).empty and not are_named(voices)
    return w.HBox([swap, again] if can_ask else [swap])


def _other_way_round(session: Session) -> list[corrections.Correction]:
    """Say that client and therapist were taken for one another, so that it holds whatever names them later.

    Where nobody has answered yet, some clear stretches are noted first as they are shown: the swap makes answers
    of them, which no other print and no other names of tracks can turn round again.
    """
    shown, said = session.turns, session.corrections
    if not corrections.evidence(said).empty:
        return edits.swap()
    clips = clips_to_ask_about(shown, corrections.last_word(said))
    who = shown.drop_duplicates("start").set_index("start")["speaker"]
    lines = [
        corrections.Correction(start, end, who[start], was=who[start])
        for start, end in clips[["start", "end"]].itertuples(index=False)
    ]
    return [*lines, *edits.swap()]


def _question(session: Session, start: float, end: float, state: Any) -> Any:
    # With only two people heard, whoever is not the client is the therapist.
    others = [who for who in session.notes.participants if who != "client"]
    two = others == ["therapist"] and session.turns["speaker"].nunique() <= len(others) + 1
    answers = {"This is me": "client"} | (
        {"Not me": "therapist"} if two else {"My therapist": "therapist", "Somebody else": "other"}
    )
    buttons = [w.Button(description=text) for text in answers]

    def answered(pressed: Any) -> None:
        try:
            session.correct([corrections.Correction(start, end, answers[pressed.description])])
            named = are_named(analysis.rename(session))
        except TherapyReviewError as error:
            state.value = strong(str(error))
            return
        for button in buttons:
            button.icon = "check" if button is pressed else ""
        state.value = (
            "<em>Thank you, that is kept. Run the cells below once more and the charts will name you both.</em>"
            if named
            else "<em>Kept. One more answer, please: so far it could be either.</em>"
            if two
            else "<em>Kept. Please say it of the other voices too.</em>"
        )

    for button in buttons:
        button.on_click(answered)
    below = w.Layout(margin="0 0 0.8rem 0")
    return w.VBox([Moment(session, start, end, "Whose voice is this?"), w.HBox(buttons, layout=below)])
