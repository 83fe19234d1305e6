"""What is said of clips that can't be made, and by the form as it is filled in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.sharing.test_clip import BOTH, DAY
from tests.sharing.test_page import looked_at
from tests.support.widgets import field
from tests.support.words import fixed, read, refused
from therapy_review import Journal, Session
from therapy_review.sharing.clip import read_span
from therapy_review.sharing.page import SharePage
from therapy_review.sharing.plan import plan

TIMES = re.compile("(From|to): ")  # to choose from, as the engine heard them


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session(DAY)


def test_what_is_no_clip(session: Session, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    said = {
        "with nobody": refused(lambda: plan(session, " ", [BOTH]), tmp_path),
        "no moment": refused(lambda: plan(session, "Sam", []), tmp_path),
        "after the end": refused(lambda: plan(session, "Sam", [(240.0, 250.0)]), tmp_path),
        "nothing left": refused(lambda: plan(session, "Sam", [(2.5, 4.5)]), tmp_path),
        "a silence elsewhere": refused(lambda: plan(session, "Sam", [BOTH], [(129.0, 130.0)]), tmp_path),
        "no stretch": refused(lambda: read_span("12:30"), tmp_path),
    }
    session.journal.store.remove(session.file("corrections.csv"))
    said["no names"] = refused(lambda: plan(session, "Sam", [BOTH]), tmp_path)
    session.journal.store.remove("agreements.toml")
    said["no agreement"] = refused(lambda: plan(session, "Sam", [BOTH]), tmp_path)
    assert said == snapshot


def test_the_form(session: Session, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    def new(form: object, before: list[str]) -> list[str]:
        lines = (
            re.sub(r"\d+\.\d", "#", fixed(line, tmp_path)) for line in read(form) if not TIMES.match(line)
        )
        return [line for line in lines if line not in before]

    before = new(SharePage(session.journal, session).choose(), [])
    form = looked_at(session, tmp_path / "out")
    said = {"looked at": new(form, before)}
    seen = [*before, *said["looked at"]]
    field(form, "I have read").value = True
    field(form, "Write the clips").click()
    said["written"] = new(form, seen)
    for text in ("later", "0:02.5-0:04.5"):
        form = SharePage(session.journal, session).choose()
        field(form, "when to when").value, field(form, "With whom").value = text, "Sam"
        field(form, "Look at").click()
        said[text] = new(form, seen)
    assert said == snapshot
