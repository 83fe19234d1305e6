"""What is said of what was erased, and of what is not within reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.words import fixed
from therapy_review import Journal
from therapy_review.rights.erasure import Erased, erase_all, erase_session, erase_sound

DAY = "2026-03-05"
ACTS: dict[str, Callable[[Journal], Erased]] = {
    "the sound": lambda journal: erase_sound(journal.session(DAY)),
    "a session": lambda journal: erase_session(journal.session(DAY)),
    "everything": erase_all,
}


@pytest.mark.parametrize("kept", ["journal", "sealed"])
@pytest.mark.parametrize("act", ACTS)
def test_what_was_erased(
    act: str, kept: str, request: pytest.FixtureRequest, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    assert fixed(str(ACTS[act](request.getfixturevalue(kept))), tmp_path).splitlines() == snapshot
