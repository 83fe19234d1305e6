"""The page for sharing clips, one method a cell: choose, look, hear as it would go out, read, write."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as w
import numpy as np

from therapy_review.consent import ledger
from therapy_review.display import (
    ON,
    Live,
    NothingToShow,
    Still,
    gentle,
    gently,
    how_to_start,
    is_on,
    is_still,
    or_nothing,
    put_away,
)
from therapy_review.errors import JournalError, TherapyReviewError
from therapy_review.forms import FORM_STYLE
from therapy_review.journal import NAME_MARK, PROUD, TRIGGER, Journal, Mark, Session, marks_in, open_journal
from therapy_review.player import PIECE, Answer, Moment
from therapy_review.sharing.cautions import CAUTIONS, LIES_OPEN, LISTEN, exact, in_words
from therapy_review.sharing.clip import Clip, of_mark, read_spans
from therapy_review.sharing.export import sound_of, write
from therapy_review.sharing.plan import Plan, plan, require_unchanged
from therapy_review.sound import opus
from therapy_review.wording import clock, day

FIELD: dict[str, Any] = {  # which each field copies
    "style": {"description_width": "9rem"},
    "layout": {"width": "min(34rem, 99%)"},
}
STEP = 0.5  # seconds between the times from which a part can be made silent
STYLE = """<style>
.tr-share .widget-html-content li { margin: 0.3rem 0; }
.tr-share .widget-checkbox label { white-space: normal; }
</style>"""
SILENT_ANYWAY = (
    "What you marked in the player as a name or as a trigger is silent anyway, with a few seconds around it."
)
NO_MARKS = "Nothing is marked in this session yet; write below from when to when."
NEVER = "Nothing was shared from this journal."


class ShareForm:
    """One share, from choosing to writing; any change of what is asked for puts what was looked at away."""

    def __init__(
        self, journal: Journal, session: Session, when_done: Callable[[], None], *, heard: bool
    ) -> None:
        self.journal, self.heard, self.when_done = journal, heard, when_done
        self.plan: Plan | None = None
        known = [one for one in journal.sessions if one.has_recording]
        self.session = w.Dropdown(
            options=[(day(one.date) + one.name[10:].replace("-", ", "), one.name) for one in known[::-1]],
            value=session.name,
            description="Session",
            **FIELD,
        )
        self.marks = w.VBox()
        self.moments, self.who, self.silence, self.folder = (
            w.Text(
                description=label,
                placeholder=hint,
                continuous_update=False,
                **FIELD,
            )
            for label, hint in (
                ("From when to when", "12:30-13:10, 20:05-20:40"),
                ("With whom", "a name or pseudonym"),
                ("To be silent", "names, places: 12:41-12:43"),
                ("Into the folder", "~/for Sam"),
            )
        )
        self.look, self.go = (
            w.Button(description=label, layout=w.Layout(width="max-content"))
            for label in ("Look at what would go out", "Write the clips")
        )
        self.read = w.Checkbox(
            description="I have read all of this, and I want these clips to be written.",
            indent=False,
            layout=w.Layout(width="99%"),
        )
        self.said, self.looked = w.HTML(), w.VBox()
        self.before = w.VBox(
            [w.HTML(f"{_cautions()}<p>{LIES_OPEN}</p>"), self.read, self.folder, self.go],
            layout=w.Layout(display="none"),
        )
        self.box = w.VBox(
            [
                w.HTML(FORM_STYLE + STYLE),
                self.session,
                self.marks,
                *(self.moments, self.who, self.silence, w.HTML(f"<p><small>{SILENT_ANYWAY}</small></p>")),
                self.look,
                *(self.looked, self.before, self.said),
            ]
        )
        self.box.add_class("tr-share")
        self.session.observe(lambda _: self._another(), "value")
        for field in (self.moments, self.who, self.silence):
            field.observe(lambda _: self._put_away(), "value")
        self.read.observe(lambda _: self._may_write(), "value")
        self.look.on_click(lambda _: self._gently(self._look))
        self.go.on_click(lambda _: self._gently(self._write))
        self._another()

    @property
    def _chosen(self) -> Session:
        return self.journal.session(self.session.value)

    def _gently(self, act: Callable[[], None]) -> None:
        try:
            self.said.value = ""
            act()
        except TherapyReviewError as error:
            self._put_away()
            self.said.value = f"<p><strong>{html.escape(str(error))}</strong></p>"
        except OSError as error:
            self._put_away()
            reason = html.escape((error.strerror or "the disk gave no reason").lower())
            self.said.value = f"<p><strong>That folder can't be used ({reason}); choose another.</strong></p>"

    def _another(self) -> None:
        """Offer the marks of the session that is chosen now, the proud ones first."""
        self._put_away()
        self.moments.value = self.silence.value = ""
        self._offered: list[tuple[Any, Mark]] = []

        def offer() -> None:
            found = [
                mark for mark in marks_in(self._chosen.marks) if mark.kind.lower() not in (TRIGGER, NAME_MARK)
            ]
            for mark in sorted(found, key=lambda one: (one.kind.lower() not in PROUD, one.start)):
                words = ": ".join(part for part in (mark.kind, mark.label) if part)
                box = w.Checkbox(
                    description=f"{clock(mark.start)} {words}", indent=False, layout=w.Layout(width="99%")
                )
                box.observe(lambda _: self._put_away(), "value")
                self._offered.append((box, mark))

        self._gently(offer)
        self.marks.children = [box for box, _ in self._offered] or [w.HTML(f"<p>{NO_MARKS}</p>")]

    def _put_away(self) -> None:
        """Forget what was looked at: it is not what is asked for now."""
        self.plan, self.read.value = None, False
        shown, self.looked.children = self.looked.children, ()
        for one in shown:  # players too
            put_away(one)
        self.before.layout.display = "none"
        self._may_write()

    def _may_write(self) -> None:
        self.go.disabled = not (self.plan and self.read.value)

    def _look(self) -> None:
        self._put_away()
        session = self._chosen
        duration = float(session.made_from().get("duration", 0.0))
        marked = [of_mark(mark, duration) for box, mark in self._offered if box.value]
        silence = read_spans(self.silence.value)
        made = plan(session, self.who.value, [*marked, *read_spans(self.moments.value)], silence)
        first, *each_one = in_words(made, {"therapist": self.journal.therapist})
        rows = [
            self._row(session, made, clip, words) for clip, words in zip(made.clips, each_one, strict=True)
        ]
        self.looked.children = [w.HTML(f"<p>{html.escape(first)}</p><p>{LISTEN}</p>"), *rows]
        self.before.layout.display = ""
        self.plan = made
        self._may_write()

    def _row(self, session: Session, made: Plan, clip: Clip, words: str) -> Any:
        """Show one clip: to hear, and to make a part of it silent."""
        steps = [clip.start + n * STEP for n in range(int(clip.seconds / STEP) + 1)]
        steps += [clip.end] if steps[-1] < clip.end else []
        options = [(exact(at), at) for at in steps]
        first, last = (
            w.Dropdown(
                options=options,
                index=at,
                description=label,
                layout=w.Layout(width=width),
                style={"description_width": "max-content"},
            )
            for label, at, width in (("From", 0, "9rem"), ("to", min(2, len(options) - 1), "8rem"))
        )
        hush = w.Button(description="Make this silent", layout=w.Layout(width="max-content"))

        def silent(_: Any) -> None:
            start, end = first.value, last.value
            if start < end:
                earlier = f"{self.silence.value}, " if self.silence.value.strip() else ""
                self.silence.value = f"{earlier}{exact(start)}-{exact(end)}"
                self._gently(self._look)

        hush.on_click(silent)
        heading = (
            ClipToHear(session, made, clip, words) if self.heard else w.HTML(f"<p>{html.escape(words)}</p>")
        )
        choose = w.HBox([first, last, hush], layout=w.Layout(flex_flow="row wrap"))
        return w.VBox([heading, choose], layout=w.Layout(margin="0 0 0.8rem 0"))

    def _write(self) -> None:
        if not (self.plan and self.read.value):  # the page can't write what was not looked at and read
            return
        if not self.folder.value.strip():
            self.said.value = "<p><strong>Say into which folder, outside the journal.</strong></p>"
            return
        files = write(self._chosen, self.plan, Path(self.folder.value.strip()), CAUTIONS)
        self._put_away()
        listed = "".join(f"<li>{html.escape(str(file))}</li>" for file in files)
        self.said.value = (
            f"<p>Written, and noted in the journal's ledger:</p><ul>{listed}</ul>"
            "<p>Hear them once more before you send them.</p>"
        )
        self.when_done()


def _cautions() -> str:
    items = "".join(f"<li>{html.escape(text)}</li>" for text in CAUTIONS.values())
    return f"<p>Before anything is written:</p><ul>{items}</ul>"


class ClipFeed:
    """What would go out of one clip, piece by piece, as `therapy_review.player.feed.Feed` gives a session."""

    def __init__(self, session: Session, plan: Plan, clip: Clip) -> None:
        self._session, self._plan, self._clip = session, plan, clip
        self._packets: list[bytes] = []
        self._reading = threading.Lock()  # messages may come on a thread of their own

    @property
    def sound(self) -> ClipFeed:
        """What has a duration, once everything was asked."""
        require_unchanged(self._session, self._plan)
        return self

    @property
    def duration(self) -> float:
        """Seconds of the recording up to the clip's end, for times are the recording's."""
        return self._clip.end

    def head(self) -> bytes:
        """Give what the page needs before the first piece."""
        return opus.head()

    def pieces(self, start: float) -> Answer:
        """Give the next five seconds of the clip, asking each time whether it may still go out like that."""
        clip = self._clip
        with self._reading:
            require_unchanged(self._session, self._plan)  # what was opened before stays at hand
            self._packets = self._packets or list(opus.encoded([sound_of(self._session, self._plan, clip)]))
            packets = self._packets
        first = int(max(0.0, start - clip.start + opus.DELAY) / opus.PACKET + 1e-6)
        some = packets[first : first + PIECE]
        at = clip.start + first * opus.PACKET - opus.DELAY
        done = first + PIECE >= len(packets)
        until = clip.end if done else at + len(some) * opus.PACKET
        return {"at": [round(at, 4)] if some else [], "until": until}, [opus.piece(some)] if some else []


class ClipToHear(Moment):
    """A play button for one clip as it would go out."""

    def __init__(self, session: Session, plan: Plan, clip: Clip, why: str = "") -> None:
        super().__init__(session, clip.start, clip.end, why)
        self._feed: Any = ClipFeed(session, plan, clip)
        self.set_trait("end", float(np.round(clip.end, 3)))


@gentle
class SharePage:
    """Choosing clips, and what was shared before."""

    def __init__(self, journal: Journal, session: Session, sound: str = ON) -> None:
        self.journal, self.session, self.sound = journal, session, sound
        self._earlier = Live(gently(self._before))
        self._is_shown = False

    def opening(self) -> Still:
        """Say what this page is for."""
        return Still(
            "<h1>Sharing a moment</h1>\n"
            f"<p>Hello {html.escape(self.journal.client)}, here you can make a clip of a moment for somebody you "
            "choose. Other people's voices are left out unless they agreed to share with that person, and names "
            "can be made silent. You hear it first as it would go out. Nothing is sent from here: the clips are "
            "written into a folder, and what happens then is yours to decide.</p>"
        )

    def choose(self) -> Any:
        """Show the form in which clips are chosen, heard and written."""
        if is_still():
            return Still(
                f"<p>{how_to_start()} to choose clips. Before anything is written you are asked to read this:</p>"
                f"{_cautions()}",
                "\n".join(CAUTIONS.values()),
            )
        return ShareForm(self.journal, self.session, self._written, heard=is_on(self.sound)).box

    def before(self) -> Live:
        """Show what was shared before, as the ledger has it."""
        self._is_shown = True
        return self._earlier

    def _written(self) -> None:
        if self._is_shown:
            self._earlier.refresh()

    def _before(self) -> Still:
        lines = self.journal.ledger
        shared = lines[lines["what"] == ledger.SHARED].to_dict("records")
        if not shared:
            return Still(f"<p>{NEVER}</p>", NEVER)
        said = [
            f"{one['when']:%Y-%m-%d}, with {one['who']}: {one['session']}, {one['note']}" for one in shared
        ]
        items = "".join(f"<li>{html.escape(line)}</li>" for line in said)
        return Still(f"<ul>{items}</ul>", "\n".join(said))


@or_nothing
def share_page(journal: str | Path, session: str = "", sound: str = ON) -> SharePage | NothingToShow:
    """Open the page for sharing clips.

    Parameters
    ----------
    journal : str or Path
        The journal's folder.
    session : str
        The session that is chosen at first, as in ``2026-03-04``; the newest with a recording when empty.
    sound : str
        ``on``, or ``off`` for a page that can't play anything.

    Returns
    -------
    SharePage or NothingToShow
        Always something whose parts can be shown.
    """
    opened = open_journal(journal)
    if session:
        chosen = opened.session(session)
        chosen.recording_file()  # says so when there is none
    else:
        recorded = [one for one in opened.sessions if one.has_recording]
        if not recorded:
            raise JournalError(f"There is no recording in {opened.name} yet, so there is nothing to share.")
        chosen = recorded[-1]
    return SharePage(opened, chosen, sound)
