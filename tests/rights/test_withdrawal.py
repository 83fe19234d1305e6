"""What taking an agreement back means: said alike by the command and in the notebook."""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from therapy_review import Journal
from therapy_review.rights.withdrawal import what_closes, what_is_kept


def test_what_it_means_is_said_for_every_use(journal: Journal, snapshot: SnapshotAssertion) -> None:
    said = {
        use: (
            what_closes(use),
            what_is_kept(journal, use, ["2026-01-08", "2026-01-15"]).partition(" To erase")[0],
        )
        for use in ("", "record", "report", "self_review")
    }
    assert said == snapshot
