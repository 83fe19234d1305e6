"""What the player answers where something hinders, and where a review of who spoke begins."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.player.test_desk import HINDRANCES, Page, a_turn, page  # noqa: F401  a fixture
from tests.support.words import fixed, no_figures


@pytest.mark.parametrize("hindrance", HINDRANCES)
def test_what_hinders(page: Page, hindrance: str, tmp_path: Any, snapshot: SnapshotAssertion) -> None:  # noqa: F811
    hinder, asked, _says = HINDRANCES[hindrance]
    if asked["kind"] == "split":
        asked = {**asked, "at": sum(a_turn(page, "client")) / 2}
    hinder(page.session)
    assert fixed(str(page.ask(**asked)["sentence"]), tmp_path) == snapshot


def test_a_review_of_the_least_certain(page: Page, snapshot: SnapshotAssertion) -> None:  # noqa: F811
    said = [page.ask("listen", act="begin")["step"]]
    said += [page.ask("listen", act="skip", step="question", number=1)["step"]]
    said += [page.ask("relabel", start=1.0, end=1.1, speaker="client", was="therapist")]
    assert no_figures(str(one.get("sentence", "")) for one in said) == snapshot
