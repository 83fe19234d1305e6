"""Pages: whatever is wrong or missing, a part shows a sentence and the rest goes on."""

from __future__ import annotations

import datetime as dt
import io
import wave
from collections.abc import Callable
from typing import Any

import ipywidgets as w
import pytest

from tests.conftest import root_of
from therapy_review import hints
from therapy_review.charts.base import Chart
from therapy_review.consent import agreements_file
from therapy_review.display.parts import Live, NothingToShow, Shown
from therapy_review.display.still import STILL, Still
from therapy_review.journal.journal import Journal, create_journal
from therapy_review.pages.session import SessionPage, session_report
from therapy_review.pages.weekly import WeeklyReview, weekly_review
from therapy_review.player import Player
from therapy_review.trends.kinds_of_silence import long_silences_of, say

OFTEN_EMPTY = ("refresh", "voices", "how_to_listen")  # their own tests say when they show something
PARTS = [
    name
    for name, part in vars(SessionPage).items()
    if callable(part) and name[0] != "_" and name not in OFTEN_EMPTY
]
NAMED_ABOVE = "player"  # shows nothing where there is no recording: the map before it has said so
OF_THE_SOUND = [
    *("who_is_who", "session_map", NAMED_ABOVE, "talk_balance", "pauses_and_gaps", "moments", "silences"),
]
OF_THE_WEEKS = ["opening", "moods", "mood_tags", "talk_time"]


def shown(part: Shown) -> str:
    return "".join(thing.markup for thing in part.things if isinstance(thing, Still))


def test_a_week_with_one_session_names_it_nowhere(journal: Journal) -> None:
    assert "<h3>" not in shown(WeeklyReview(journal, "2026-W10").held())


def test_a_week_with_more_sessions_says_at_every_part_which_one_is_meant(journal: Journal) -> None:
    for name in ("2026-03-03", "2026-03-05-2"):
        journal.store.write(f"sessions/{name}/notes.md", f"Notes of {name}.\n".encode())
    review = WeeklyReview(journal, "2026-W10")
    headings = ["Tuesday 3 March", "Thursday 5 March", "Thursday 5 March, the second that day"]
    for part in (review.held(), review.changes()):
        said = shown(part)
        places = [said.index(f"<h3>{heading}</h3>") for heading in headings]
        assert places == sorted(places)
        assert said.count("<h3>") == 3
    said = shown(review.held())
    assert said.index(headings[2]) < said.index("Notes of 2026-03-05-2")


def words_of(part: Any) -> str:
    """Everything a part says to whoever reads it."""
    if isinstance(part, Shown):
        return "\n".join(map(words_of, part.things))
    if isinstance(part, Live):
        return words_of(part._draw())
    if isinstance(part, Player):
        return part.still().markup
    if isinstance(part, Chart):
        return part.alt
    if isinstance(part, w.Widget):
        return "form"
    return part.markup if isinstance(part, Still) else ""


def everything(page: SessionPage | WeeklyReview | NothingToShow, names: list[str]) -> dict[str, str]:
    return {name: words_of(getattr(page, name)()) for name in names}


def harm_note(journal: Journal) -> None:
    journal.store.write("sessions/2026-03-05/notes.md", b"---\nmood_after: [6\n---\nMy words.\n")


def harm_consent(journal: Journal) -> None:
    journal.store.remove("agreements.toml")


def harm_agreements(journal: Journal) -> None:
    journal.store.write("agreements.toml", b"[[")


def harm_sound(journal: Journal) -> None:
    journal.store.write("sessions/2026-03-05/recording.m4a", b"\x00" * 5000)


def harm_by_emptying(journal: Journal) -> None:
    journal.store.write("sessions/2026-03-05/recording.m4a", b"")


def harm_by_doubling(journal: Journal) -> None:
    journal.store.write("sessions/2026-03-05/recording.wav", b"")


def harm_marks(journal: Journal) -> None:
    journal.store.write("sessions/2026-03-05/marks.csv", b"x\n")


def harm_corrections(journal: Journal) -> None:
    journal.store.write("sessions/2026-03-05/corrections.csv", b"x\n")


def lose_sound(journal: Journal) -> None:
    journal.store.remove("sessions/2026-03-05/recording.m4a")


def lose_notes(journal: Journal) -> None:
    journal.store.remove("sessions/2026-03-05/notes.md")


def record_silence(journal: Journal) -> None:
    lose_sound(journal)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 16_000 * 20))
    journal.store.write("sessions/2026-03-05/recording.wav", out.getvalue())


TROUBLES: dict[Callable[[Journal], None], tuple[str, list[str]]] = {
    harm_note: ("can't be read", ["notes"]),
    harm_consent: ("no agreement", OF_THE_SOUND),
    harm_agreements: ("agreements.toml can't be read", OF_THE_SOUND),
    harm_sound: ("recording.m4a", OF_THE_SOUND),
    harm_by_emptying: ("recording.m4a is empty", OF_THE_SOUND),
    harm_by_doubling: ("2 recordings", OF_THE_SOUND),
    harm_marks: ("marks.csv", ["session_map", NAMED_ABOVE, "moments", "silences"]),
    harm_corrections: ("corrections.csv", OF_THE_SOUND),
    lose_sound: ("no recording", [part for part in OF_THE_SOUND if part != NAMED_ABOVE]),
    lose_notes: ("form", ["notes"]),
    record_silence: ("", []),
}


@pytest.mark.parametrize("still", ["", "1"], ids=["live", "still"])
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_part_that_cannot_be_shown_says_why_and_every_other_part_goes_on(
    heard: Journal, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[Journal], None], still: str
) -> None:
    if still:
        monkeypatch.setenv(STILL, still)
    trouble(heard)
    says, where = TROUBLES[trouble]
    if still and says == "form":
        says = "not said"
    report = everything(SessionPage(heard.session("2026-03-05")), PARTS)
    review = everything(WeeklyReview(heard, "2026-W10"), [*OF_THE_WEEKS, *PARTS])
    for said in (report, review):
        assert [part for part in said if not said[part]] == [NAMED_ABOVE] * (trouble is lose_sound), said
        for part in where:
            assert says in said[part]
        for part in {*PARTS} - {*where}:
            assert "sentence" not in said[part] or trouble in (record_silence,), (part, said[part])
    assert "Your week, 2 to 8 March 2026" in review["opening"]
    assert "before and after" in review["moods"]


def test_a_broken_header_of_notes_still_shows_the_words_below_it(heard: Journal) -> None:
    harm_note(heard)
    page = SessionPage(heard.session("2026-03-05"))
    assert "My words." in words_of(page.written())
    assert "My words." in words_of(page.held())


def test_the_first_part_already_tells_the_figures_of_a_session_not_heard_before(heard: Journal) -> None:
    for name in heard.store.files("sessions/2026-03-05/derived"):
        heard.store.remove(f"sessions/2026-03-05/derived/{name}")
    assert "the first word" in words_of(SessionPage(heard.session("2026-03-05")).held())


def test_moods_are_put_beside_each_other_where_the_sound_is_damaged(heard: Journal) -> None:
    harm_sound(heard)
    said = words_of(SessionPage(heard.session("2026-03-05")).changes())
    assert "at 7; " in said


def test_a_missed_week_is_said_once_and_calmly_and_the_path_goes_on(heard: Journal) -> None:
    review = WeeklyReview(heard, "2026-W04")
    said = everything(review, [*OF_THE_WEEKS, *PARTS])
    assert "no session" in said["opening"]
    assert "<blockquote>" in said["opening"]
    assert {name for name in PARTS if said[name]} == set()
    assert all(said[name] for name in OF_THE_WEEKS)


@pytest.mark.parametrize(
    ("open_page", "says"),
    [
        (lambda root: session_report(root, "2031-01-01"), "no session 2031-01-01"),
        (lambda root: session_report(root / "nowhere"), "no journal in"),
        (lambda root: weekly_review(root / "nowhere"), hints.command("init", "my-journal")),
        (lambda root: weekly_review(root, "March"), "March is not"),
    ],
    ids=["no such session", "no journal for a report", "no journal for a review", "no week"],
)
def test_a_page_that_cannot_be_opened_says_why_once(
    journal: Journal, open_page: Callable[..., Any], says: str
) -> None:
    page = open_page(root_of(journal))
    said = everything(page, ["opening" if "week" in says or "init" in says else "heading", *PARTS])
    assert says in "".join(said.values())
    assert sum(bool(one) for name, one in said.items() if name not in ("opening", "heading")) == 0


def test_a_new_journal_greets_before_its_first_session(tmp_path: Any) -> None:
    journal = create_journal(tmp_path / "mine", client="Kim <3", therapist="B")
    said = everything(WeeklyReview(journal), [*OF_THE_WEEKS, *PARTS])
    assert "Hello Kim &lt;3," in said["opening"]
    assert "your first session" in said["opening"]
    assert "no session in" in words_of(session_report(tmp_path / "mine").heading())


def test_a_word_that_is_no_part_of_a_page_is_an_error_as_anywhere(heard: Journal) -> None:
    for page in (WeeklyReview(heard), SessionPage(heard.session("2026-03-05"))):
        with pytest.raises(AttributeError):
            _ = page.no_such_part


def test_what_a_cell_shows_is_shown_one_below_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    displayed: list[Any] = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    Shown("one", "two")._ipython_display_()
    assert displayed == ["one", "two"]


# The player, and the charts that follow it.


FOLLOWING = ("session_map", "talk_balance", "pauses_and_gaps")


class Cells:
    """Stands where a notebook would be: each place shows what was last displayed there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: dict[str, str] = {}
        self.updates = 0
        monkeypatch.setattr("IPython.display.display", self.display)

    def display(self, bundle: dict[str, str], *, raw: bool, display_id: str, update: bool) -> None:
        assert raw
        # A place that was shown once is drawn anew where it stands.
        assert update == (display_id in self.shown)
        self.shown[display_id] = bundle["text/plain"]
        self.updates += update

    def run(self, page: SessionPage) -> dict[str, str]:
        """Show each chart in a cell of its own, and tell which place is whose."""
        places = {}
        for part in FOLLOWING:
            before = set(self.shown)
            getattr(page, part)()._ipython_display_()
            (places[part],) = set(self.shown) - before
        return places


def test_the_player_plays_the_session_of_its_page(heard: Journal) -> None:
    page = SessionPage(heard.session("2026-03-05"))
    player = page.player()
    assert isinstance(player, Player)
    assert "session, 4:03" in words_of(player)


def test_without_a_recording_there_is_no_player_and_no_word_about_it(heard: Journal) -> None:
    page = SessionPage(heard.session("2026-02-12"))
    shown = page.player()
    assert isinstance(shown, Still)
    assert (shown.markup, shown.text) == ("", "")
    assert "no recording" in words_of(page.session_map())


def test_a_click_on_the_map_leads_to_the_player_of_that_session(heard: Journal) -> None:
    markup = SessionPage(heard.session("2026-03-05")).session_map()._draw()._repr_mimebundle_()["text/html"]
    assert "data-therapy-review-map=" in markup
    assert "2026-03-05" in markup


def test_charts_follow_what_was_put_right_once_the_client_asks_for_it(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells, page = Cells(monkeypatch), SessionPage(heard.session("2026-03-05"))
    places, player = cells.run(page), page.player()
    monkeypatch.setattr(player, "send", lambda content, buffers=None: None)
    before = dict(cells.shown)
    assert "someone else" not in before[places["session_map"]]
    turn = page.session.turns.query("speaker == 'client'").iloc[4]
    player._handle_custom_msg(
        {"kind": "relabel", "start": turn["start"], "end": turn["end"], "speaker": "other", "was": "client"},
        [],
    )
    assert cells.shown == before
    player._handle_custom_msg({"kind": "refresh"}, [])
    assert cells.updates == len(FOLLOWING)
    assert "someone else" in cells.shown[places["session_map"]]
    assert all(cells.shown[place] != before[place] for place in places.values())


def test_a_chart_that_cannot_be_drawn_anew_says_why_where_it_stands(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells, page = Cells(monkeypatch), SessionPage(heard.session("2026-03-05"))
    places = cells.run(page)
    harm_corrections(heard)
    page.refresh()
    assert all("corrections.csv" in cells.shown[place] for place in places.values())


def test_a_chart_is_drawn_from_what_holds_when_it_is_shown(heard: Journal) -> None:
    drawn: list[int] = []

    def draw() -> Still:
        drawn.append(1)
        return Still("", "")

    live = Live(draw)
    assert drawn == []
    live.refresh()
    assert drawn == [1]


def test_the_weekly_letter_speaks_of_an_agreement_only_when_it_ends_soon(heard: Journal) -> None:
    review = WeeklyReview(heard, "2026-W10")
    assert review.agreements() is None
    ends = heard.today() + dt.timedelta(days=14)
    own = agreements_file.append(
        b"", "client", ["self_review"], given_from=heard.today(), until=ends, name="Robin"
    )
    heard.store.write(agreements_file.FILE, own)
    assert "your own agreement" in review.agreements().markup
    harm_agreements(heard)
    assert "agreements.toml can't be read" in review.agreements().markup


# The long silences.


def test_the_week_asks_what_the_long_silences_were_and_keeps_it_at_once(heard: Journal) -> None:
    session = heard.session("2026-03-05")
    (form,) = WeeklyReview(heard, "2026-W10").silences().things
    fields = [one for row in form.children[1].children for one in row.children[1].children]
    fields[0].value = "thinking"
    assert (long_silences_of(session)["kind"] == "thinking").sum() == 1


def test_what_was_said_of_silences_is_left_out_of_a_report_with_the_other_private_words(
    heard: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STILL, "1")
    session = heard.session("2026-03-05")
    row = long_silences_of(session).iloc[0]
    say(session, row["start"], row["end"], "afraid", "of her")
    page = {private: SessionPage(session, private_notes=private) for private in ("shown", "left out")}
    assert "afraid, of her" in words_of(page["shown"].silences())
    assert "afraid" not in words_of(page["left out"].silences())


def test_what_was_said_of_a_silence_is_there_without_the_recording_too(heard: Journal) -> None:
    session = heard.session("2026-02-12")
    say(session, 20, 26, "stuck")
    assert words_of(SessionPage(session).silences()) == "form"
