"""What is said of files of a journal that can't be read, and of what can't be written into them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.journal.test_scales import SLEEP
from tests.support.words import refused
from therapy_review import Journal, Session, create_journal
from therapy_review.journal import corrections, notes, transcript
from therapy_review.journal.letters import FILE, Writing
from therapy_review.journal.marks import Mark
from therapy_review.journal.scales import scales_of
from therapy_review.journal.shared_notes import add

DAY = "2026-03-05"
TABLES: dict[str, tuple[str, list[bytes], Callable[[Session], Any]]] = {
    "days": (
        "days.csv",
        [
            b"x\n",
            b"date,mood\n4 March,7\n",
            b"date,mood\n2026-03-04,11\n",
            b"date,mood,time\n2026-03-04,7,8pm\n",
            b"\xff\xfe",
        ],
        lambda session: session.journal.days,
    ),
    "marks": (
        f"sessions/{DAY}/marks.csv",
        [
            b"",
            b"start,kind\nsoon,bookmark\n",
            b"start,end,kind\n9,3,bookmark\n",
            b"start,end,kind\n-3,,bookmark\n",
            b"start,end,kind\n3,,\n",
        ],
        lambda session: session.marks,
    ),
    "corrections": (
        f"sessions/{DAY}/corrections.csv",
        [
            b"start,end\n1,2\n",
            b"start,end,speaker\none,2,client\n",
            b"start,end,speaker\n1,2,\n",
            b"start,end,speaker\n1,2,Robin\n",
            b"start,end,speaker\n,,client\n",
        ],
        lambda session: corrections.read(
            session.journal.store.read(session.file("corrections.csv")), "corrections.csv"
        ),
    ),
    "notes of both": (
        f"sessions/{DAY}/together.csv",
        [b"text\nHello\n"],
        lambda session: add(session, "client", "New"),
    ),
    "letters": (FILE, [b"\xff\xfe"], lambda session: Writing(session.journal).keep("Hello.")),
}
SCALES: dict[str, dict[str, object]] = {
    "no ends": {"sleep": {"name": "Sleep"}},
    "no number": {"sleep": SLEEP | {"low": "none"}},
    "nothing between": {"sleep": SLEEP | {"low": 10}},
    "no direction": {"sleep": SLEEP | {"higher_is": "good"}},
    "no name": {"sleep": SLEEP | {"name": " "}},
    "other questions": {"phq9": {"items": ["Mine"]}},
    "neither true nor false": {"phq9": {"only_total": "yes"}},
    "no table": {"sleep": 3},
}


@pytest.mark.parametrize("table", TABLES)
def test_a_file_that_can_not_be_read(
    journal: Journal, table: str, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    name, every, act = TABLES[table]
    said = []
    for data in every:
        journal.store.write(name, data)
        said.append(refused(lambda: act(journal.session(DAY)), tmp_path))
    assert said == snapshot


def test_a_scale_that_can_not_be_used(snapshot: SnapshotAssertion) -> None:
    def of(scales: dict[str, object]) -> str:
        return refused(lambda: scales_of({"scales": scales}, "mine/journal.toml"))

    assert {name: of(scales) for name, scales in SCALES.items()} == snapshot


def test_notes_with_a_problem(snapshot: SnapshotAssertion) -> None:
    headers = (
        b"mood_before: 11",
        b"mood_after: [6",
        b"tags: {a: b}",
        b"scores: {phq9: many}",
        b"participants: {Sam: yes}",
    )
    assert {
        header.decode(): notes.parse(b"---\n" + header + b"\n---\nText\n", "notes.md").problems
        for header in headers
    } == snapshot


def test_a_mark_or_a_journal_that_is_none(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    create_journal(tmp_path / "mine", client="A", therapist="B")

    def made(name: str, **what: str) -> str:
        return refused(
            lambda: create_journal(tmp_path / name, **{"client": "A", "therapist": "B"} | what), tmp_path
        )

    assert {
        "a mark without place": refused(lambda: Mark(-1, 2, "bookmark")),
        "a mark without length": refused(lambda: Mark(2, 1, "bookmark")),
        "a mark of no kind": refused(lambda: Mark(2, 3, " ")),
        "a folder in use": made("mine"),
        "a journal within": made("mine/more"),
        "no name": made("new", client=" "),
        "no time zone": made("new", time_zone="London"),
        "a transcript": refused(lambda: transcript.read(b"x\n", "transcript.csv")),
    } == snapshot
