"""What stands on every page, word for word: a better wording changes the snapshot alone."""

from __future__ import annotations

import datetime as dt
import inspect
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.conftest import root_of
from tests.support.words import notebook
from therapy_review import Journal, create_journal, pages
from therapy_review.display.still import STILL
from therapy_review.pages.visibility import BRING, FIGURES, MARKS, NOTES, SOUND, Opened

OPENS: dict[str, Any] = {
    "agreement": pages.agreement,
    "bring_in": pages.bring_in,
    "getting_started": pages.session_report,
    "how_far": pages.how_far,
    "path": pages.path_page,
    "session_report": pages.session_report,
    "share": pages.share_page,
    "together": pages.together,
    "weekly_review": pages.weekly_review,
}


@pytest.fixture(autouse=True)
def on_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be the week after the newest session, and cells show nothing by themselves."""
    monkeypatch.setattr(Journal, "today", lambda _: dt.date(2026, 3, 12))
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)


def together_opened(journal: Journal) -> list[str]:
    """Give what both see once the client has opened everything of the newest session."""
    page = pages.together(root_of(journal))
    sessions = {
        session.name: frozenset({BRING, FIGURES, MARKS, NOTES, SOUND}) for session in journal.sessions
    }
    page._open(Opened(frozenset({"calm", "tired"}), frozenset({"phq9"}), sessions))
    return notebook("together", page)


@pytest.mark.parametrize("name", OPENS)
def test_the_words_of_a_page(heard: Journal, tmp_path: Path, snapshot: SnapshotAssertion, name: str) -> None:
    """Those of the practice journal, and what is said besides where something is otherwise."""
    create_journal(tmp_path / "mine", client="Robin", therapist="Daniel")
    root, opens = root_of(heard), OPENS[name]

    def read(root: Path, **more: str) -> list[str]:
        return notebook(name, opens(root, **more), tmp_path)

    said = {"": read(root)}
    said["before the first session"] = read(tmp_path / "mine")
    if "sound" in inspect.signature(opens).parameters:
        said["with the sound off"] = read(root, sound="off")
    if name == "together":
        said["opened"] = together_opened(heard)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STILL, "1")
        said["only read"] = read(root)
    heard.store.remove("agreements.toml")
    said["without an agreement"] = read(root)
    known = said[""]
    assert {
        how: [line for line in lines if not how or line not in known] for how, lines in said.items()
    } == snapshot
