"""What is counted of short turns, and of two at once."""

from __future__ import annotations

import pytest

pytest.importorskip("pyroomacoustics", reason="the benchmark's rooms need pyroomacoustics, a dev dependency")

from benchmarks.diarization.short_turns import count
from therapy_review.turns.table import turns_table


def test_short_turns_and_overlap_are_counted() -> None:
    real = turns_table(
        [(0, 10, "client"), (4, 4.5, "therapist"), (12, 12.5, "therapist"), (14, 20, "client")]
    )
    found = turns_table([(0, 10, "a"), (8, 8.25, "b"), (12, 12.5, "b"), (14, 20, "a")])
    assert count(real, found) == pytest.approx(
        {
            "two": 0.5,
            "two_found": 0.25,
            "two_both": 0.0,
            "short": 2,
            "short_kept": 1,
            "over": 1,
            "over_kept": 0,
            "alone": 1,
            "alone_kept": 1,
        }
    )
    assert count(real, real)["two_both"] == pytest.approx(0.5)
    assert count(real, turns_table())["short_kept"] == 0
