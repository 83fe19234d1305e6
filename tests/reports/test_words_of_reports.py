"""What stands on the index page of reports, and on the page in place of one that could not be made."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.conftest import root_of
from tests.reports.test_index_page import standings
from tests.support.short_journals import DAYS
from tests.support.words import fixed, of_html, refused
from therapy_review import Journal
from therapy_review.reports import runner
from therapy_review.reports.index_page import index
from therapy_review.reports.workers import templates


def test_the_index(short: Journal, snapshot: SnapshotAssertion) -> None:
    page = index("Sessions with B", standings(short), {"measures.csv": "every measure"})
    assert list(dict.fromkeys(of_html(page))) == snapshot


@pytest.mark.usefixtures("no_kernels")
def test_a_page_of_failure_and_what_is_passed_over(short: Journal, snapshot: SnapshotAssertion) -> None:
    root = root_of(short)
    (root / "sessions/2020-02-31").mkdir()
    short.store.write(f"sessions/{DAYS[1]}/corrections.csv", b"x\n")
    done = runner.run(short)
    (failed,) = [one for one in done.outcomes if one.state == "failed"]
    page = short.store.read(f"reports/{failed.report}.failed.html").decode()
    assert {
        "page": of_html(fixed(page, root.parent)),
        "sentence": fixed(failed.sentence, root.parent),
        "remarks": [fixed(one, root.parent) for one in done.remarks],
    } == snapshot


def test_what_can_not_be_asked_for(short: Journal, snapshot: SnapshotAssertion) -> None:
    folder = root_of(short).parent
    assert {
        "no such session": refused(lambda: runner.run(short, ["2020-01-06"]), folder),
        "no notebook": refused(lambda: templates.find("nothing"), folder),
        "a page of a week": refused(lambda: runner.run(short, template="weekly_review"), folder),
    } == snapshot
