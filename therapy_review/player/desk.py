"""What a player's page asks the kernel for, and what it gets.

Each act answers one message; what it changes is on disk before the answer leaves. What a page draws goes to it as
plain values in a message and is never a trait of a widget, for a notebook may be saved with those.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from therapy_review import wording
from therapy_review.analysis import CHANGED_ELSEWHERE, Listening, analysis, review
from therapy_review.charts import speaker_name
from therapy_review.consent import SELF_REVIEW
from therapy_review.errors import TherapyReviewError
from therapy_review.journal import Mark, marks, marks_in
from therapy_review.measures import long_silences, overlaps
from therapy_review.player.feed import EVERYONE, Answer, Feed
from therapy_review.turns import are_named, backchannels, edits, floor_turns, speakers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from therapy_review.journal import Correction, Session

# Minutes without a sign of the client; `lock_after` under [player] in journal.toml, 0 for never.
LOCK_AFTER = 10.0
NOTHING_TO_UNDO = "There is nothing left to take back here."

FULL = 127  # of a byte with a sign

Asked = dict[str, Any]


@dataclass(frozen=True)
class Listeners:
    """Who sits before a player: what it is opened for, and what of the client's own is in view.

    Parameters
    ----------
    use : str
        What the recording is opened for; one of the uses that can be agreed to.
    by : callable
        Who is at the keyboard: a mark put now is theirs; empty for the client.
    shows : callable
        Whether a mark is shown.
    names : mapping of str to str
        How client and therapist are called where both look on; the client alone is "you".
    """

    use: str = "self_review"
    by: Callable[[], str] = str
    shows: Callable[[Mark], bool] = lambda _: True
    names: Mapping[str, str] = field(default_factory=dict)


ALONE: Listeners = Listeners()


class Desk:
    """Answers the page of one player."""

    def __init__(self, session: Session, listeners: Listeners = ALONE) -> None:
        self.session, self.listeners, self.feed = session, listeners, Feed(session, use=listeners.use)
        self.is_locked = False
        self._listening = Listening(session)
        self._by_hand: tuple[float, float] | None = None  # a turn just put right; others may be asked of
        self._put_here: set[Mark] = set()  # what was marked before everybody's eyes stays in view
        self._steps: list[int] = []  # how many lines there were after each correction made here
        self._seen = time.monotonic()
        self._acting = threading.Lock()  # messages may come on a thread of their own
        self._acts: dict[str, Callable[[Asked], Answer]] = {
            "open": self._open,
            "hear_closed": self._hear_closed,
            "mark": self._mark,
            "unmark": self._unmark,
            "relabel": self._relabel,
            "alike": self._alike,
            "split": self._split,
            "merge": self._merge,
            "undo": self._undo,
            "listen": self._listen,
        }

    @property
    def lock_after(self) -> float:
        """Minutes without a sign of the client after which the player locks; 0 for never."""
        wanted = self.session.journal.settings.get("player")
        minutes = wanted.get("lock_after") if isinstance(wanted, dict) else None
        return float(minutes) if isinstance(minutes, int | float) else LOCK_AFTER

    def answer(self, asked: Asked) -> Answer | None:
        """Answer one message of the page."""
        self._look_at_the_clock()
        kind = asked.get("kind")
        if kind in ("lock", "unlock"):
            self.is_locked = kind == "lock"
            return {"kind": "locked" if self.is_locked else "unlocked"}, []
        if kind != "sound" and kind not in self._acts:
            return None
        if self.is_locked:
            return {"kind": "locked", "ticket": asked.get("ticket")}, []
        try:
            if kind == "sound":
                content, buffers = self.feed.pieces(float(asked["from"]), str(asked.get("voice", EVERYONE)))
                content = {"kind": "sound", **content}
            else:
                with self._acting:
                    content, buffers = self._acts[kind](asked)
        except TherapyReviewError as error:
            content, buffers = {"kind": "sorry", "sentence": str(error), "of": kind}, []
        return {**content, "ticket": asked.get("ticket")}, buffers

    def _look_at_the_clock(self) -> None:
        now, limit = time.monotonic(), self.lock_after * 60
        if limit and now - self._seen > limit:
            self.is_locked = True
        self._seen = now

    def _heard(self) -> pd.DataFrame:
        return analysis.analyse(self.session, use=self.listeners.use)

    def _open(self, _asked: Asked) -> Answer:
        self._heard()
        self.feed.close_again()  # a page that is opened anew begins with all of them closed
        sound = self.feed.sound
        shown = {"kind": "session", "lock_after": self.lock_after, **self._shown()}
        return shown, [self.feed.head(), waveform(sound.peaks)]

    def _shown(self) -> dict[str, Any]:
        """Gather what a page draws: people, turns, silences, marks, what was said."""
        session, names, turns = self.session, self.listeners.names, self.session.turns
        people = speakers(turns)
        lane = {person: place for place, person in enumerate(people)}
        units = pd.concat([floor_turns(turns).assign(short=0), backchannels(turns).assign(short=1)])
        units = units.sort_values(["start", "end"], kind="stable")
        return {
            "title": wording.day(session.date),
            "session": session.name,
            "duration": session.duration,
            "people": [{"role": person, "name": speaker_name(person, names)} for person in people],
            "named": are_named(turns),
            "stretches": _rows(turns, ["start", "end"], lane),
            "turns": _rows(units, ["start", "end", "short"], lane),
            "silences": _rows(long_silences(turns), ["start", "end"]),
            "overlaps": _rows(overlaps(turns), ["start", "end"]),
            "lines": _lines(session, self.listeners.use),
            "kinds": list(marks.KINDS),
            "answers": {**review.ANSWERS, **names},
            "marks_called": "Marks" if names else "Your marks",
            "offer": review.offer(session),
            "can_undo": bool(self._steps),
            **self._marked(),
        }

    def _marked(self) -> dict[str, Any]:
        """Gather the marks as they stand in the file, and what stays silent."""
        rows = sorted(marks_in(self.marks_in_view()), key=lambda mark: mark.start)
        closed = [list(stretch) for stretch in self.feed.closed()]
        return {"marks": [as_sent(mark) for mark in rows], "closed": closed}

    def _turns(self, sentence: str) -> Answer:
        return {"kind": "session", "sentence": sentence, **self._shown()}, []

    def _marks(self, **said: Any) -> Answer:
        return {"kind": "marks", **said, **self._marked()}, []

    def _hear_closed(self, asked: Asked) -> Answer:
        self.feed.open_once(float(asked["at"]))
        return self._marks()

    def _mark(self, asked: Asked) -> Answer:
        mark, before = as_mark(asked["mark"]), asked.get("before")
        author = mark.by or self._author(as_mark(before or asked["mark"]))
        mark = replace(mark, by=author)
        self._put_here.add(mark)
        if before:
            self.session.change_mark(replace(as_mark(before), by=author), mark)
        else:
            self.session.add_mark(mark)
        return self._marks(kept=asked["mark"])

    def _author(self, sent: Mark) -> str:
        """Tell whose a mark is of which the page does not say it: whoever put it, or who is at the keyboard now."""
        kept = [mark.by for mark in marks_in(self.session.marks) if replace(mark, by="") == sent]
        return kept[0] if kept else self.listeners.by()

    def _shows(self, mark: Mark) -> bool:
        return mark in self._put_here or self.listeners.shows(mark)

    def marks_in_view(self) -> pd.DataFrame:
        """Give the marks that may be seen by whoever listens."""
        table = self.session.marks
        return table.loc[[self._shows(mark) for mark in marks_in(table)]]

    def _unmark(self, asked: Asked) -> Answer:
        self.session.remove_mark(as_mark(asked["mark"]))
        return self._marks()

    def _keep(self, lines: list[Correction], sentence: str) -> Answer:
        if not lines:
            return self._turns("Nobody is heard there, so nothing was changed.")
        self._steps.append(self.session.correct(lines))
        self._by_hand = None
        self._listening.reset()  # its last answer is no longer the last step
        analysis.rename(self.session, self.listeners.use)
        return self._with_step(sentence)

    def _with_step(self, sentence: str) -> Answer:
        return {**self._turns(sentence)[0], "step": asdict(self._listening.step)}, []

    def _relabel(self, asked: Asked) -> Answer:
        start, end, speaker, was = (asked[name] for name in ("start", "end", "speaker", "was"))
        lines = edits.relabel(self._heard(), start, end, speaker, was)
        content, buffers = self._keep(lines, "Kept.")
        if self.listeners.use == SELF_REVIEW and any(line.was not in ("", line.speaker) for line in lines):
            self._by_hand = (float(start), float(end))
            content["changed"] = [start, end]  # the page asks for what sounds like it once nothing plays
        return content, buffers

    def _alike(self, asked: Asked) -> Answer:
        stretch = float(asked["start"]), float(asked["end"])
        if self._by_hand == stretch:  # and nothing was done since
            self._listening.offer_alike(*stretch)
        return {"kind": "step", "step": asdict(self._listening.step)}, []

    def _split(self, asked: Asked) -> Answer:
        lines = edits.split(self._heard(), float(asked["at"]), str(asked["then"]))
        return self._keep(lines, "Kept as two.")

    def _merge(self, asked: Asked) -> Answer:
        return self._keep(edits.merge(self._heard(), float(asked["at"])), "Kept as one.")

    def _undo(self, _asked: Asked) -> Answer:
        if not self._steps:
            return self._turns(NOTHING_TO_UNDO)
        if self._listening.step.can_take_back:
            return self._listen({"act": "take_back", **self._now_asked()}, "Taken back.")
        if not self.session.undo_correction(self._steps[-1]):
            return self._turns(CHANGED_ELSEWHERE)
        self._steps.pop()
        self._by_hand = None
        analysis.rename(self.session, self.listeners.use)
        if self._listening.step.number or self._listening.step.kind == "done":
            return self._turns("Taken back.")
        self._listening.reset()  # an offer was about what is taken back
        return self._with_step("Taken back.")

    def _now_asked(self) -> Asked:
        return {"step": self._listening.step.kind, "number": self._listening.step.number}

    def _listen(self, asked: Asked, sentence: str = "") -> Answer:
        listening, act = self._listening, asked.get("act")
        if act == "take_back" and self._steps and self._steps[-1] != len(self.session.corrections):
            return self._turns(CHANGED_ELSEWHERE)
        before, now = listening.lines, self._now_asked()
        if act == "begin":
            listening.begin()
        elif {name: asked.get(name) for name in now} == now:  # pressed twice, it is said once
            verbs = {
                "skip": listening.skip,
                "change": listening.change_alike,
                "leave": listening.leave_alike,
                "take_back": listening.take_back,
            }
            if act == "answer":
                listening.answer(str(asked.get("who")))
            elif act in verbs:
                verbs[act]()
        after = listening.lines
        if len(after) > len(before):
            self._steps.append(after[-1])
        elif act == "take_back" and len(after) < len(before) and self._steps:
            self._steps.pop()
        return self._with_step(sentence)


def as_sent(mark: Mark) -> dict[str, Any]:
    """Put a mark into plain values."""
    end = None if math.isnan(mark.end) else mark.end
    sent = {"start": mark.start, "end": end, "kind": mark.kind, "label": mark.label, "text": mark.text}
    return {**sent, "by": mark.by} if mark.by else sent


def as_mark(sent: dict[str, Any]) -> Mark:
    """Make a mark of what a page sent."""
    end = sent.get("end")
    return Mark(
        float(sent["start"]),
        math.nan if end is None else float(end),
        str(sent["kind"]),
        str(sent.get("label", "")),
        str(sent.get("text", "")),
        str(sent.get("by", "")),
    )


def waveform(peaks: NDArray[np.float32]) -> bytes:
    """Put a waveform into bytes: how far the sound reaches, 32 times a second, 0 to 127."""
    high = np.abs(peaks).max(axis=1, initial=0.0)
    usual = float(np.quantile(high, 0.995)) if len(high) else 0.0
    scaled = np.clip(high / usual, 0, 1) if usual > 0 else high
    return bytes((np.sqrt(scaled) * FULL).astype(np.uint8))


def _rows(table: pd.DataFrame, columns: list[str], lane: dict[str, int] | None = None) -> list[list[float]]:
    values = [table[column].astype(float).round(3).tolist() for column in columns]
    if lane is not None:
        values.append([float(lane[person]) for person in table["speaker"]])
    return [list(row) for row in zip(*values, strict=True)]


def _lines(session: Session, use: str) -> list[list[Any]]:
    # Words that can't be read do not keep the client from listening; `check` says what is wrong with them.
    with contextlib.suppress(TherapyReviewError):
        cues = session.transcript(use)
        return [list(row) for row in zip(cues["start"], cues["end"], cues["text"], strict=True)]
    return []
