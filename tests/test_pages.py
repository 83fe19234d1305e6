from __future__ import annotations

from therapy_review.journal import Journal
from therapy_review.pages import Shown, WeeklyReview
from therapy_review.still import Still


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
