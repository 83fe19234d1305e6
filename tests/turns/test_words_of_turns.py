"""What is said of files and tables that hold no turns, and of corrections that can't be made."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.words import refused
from tests.turns.test_exchange import RTTM
from therapy_review.turns.edits import add, merge, split
from therapy_review.turns.exchange import read_turns, write_turns
from therapy_review.turns.table import turns_table, validate

FILES = {
    "of two recordings.rttm": RTTM.format("x", 1, 1, "A") + RTTM.format("y", 2, 1, "A"),
    "backwards.rttm": RTTM.format("x", 1, -0.5, "A"),
    "too early.rttm": RTTM.format("x", -1, 0.5, "A"),
    "short.rttm": "SPEAKER x 1 0.5\n",
    "empty.rttm": "",
    "without who.csv": "start,end,who\n0,1,A\n",
    "without number.csv": "start,end,speaker\n0,soon,A\n",
    "empty.csv": "",
    "cut.eaf": "<ANNOTATION_DOCUMENT><TIER",
    "other.eaf": "<html></html>",
    "binary.TextGrid": "ooBinaryFile\x08TextGrid",
    "other.TextGrid": "Once upon a time",
    "other.parquet": "PAR1 nothing PAR1",
    "empty.json": "{}",
    "nobody.json": '{"segments": [{"start": 0, "end": 1, "text": "Hm"}]}',
    "other.docx": "",
}
TALK = turns_table([(0, 4, "client"), (5, 9, "therapist")])


@pytest.mark.parametrize("name", FILES)
def test_a_file_without_turns(name: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    assert refused(lambda: read_turns(tmp_path / name), tmp_path) == snapshot


def test_what_is_no_table_and_what_can_not_be_done(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    voices = turns_table([(0, 4, "voice_1"), (5, 9, "voice_2")])
    assert {
        "missing": refused(lambda: read_turns(tmp_path / "nowhere.rttm"), tmp_path),
        "nobody to write": refused(lambda: write_turns(turns_table(), tmp_path / "a.rttm")),
        "only read": refused(lambda: write_turns(TALK, tmp_path / "a.json")),
        "no kind": refused(lambda: write_turns(TALK, tmp_path / "a.txt")),
        "no name": refused(lambda: write_turns(turns_table([(0, 1, "A\nB")]), tmp_path / "a.rttm")),
        "backwards": refused(lambda: turns_table([(3.0, 2.0, "client")])),
        "before": refused(lambda: turns_table([(-1.0, 2.0, "client")])),
        "no number": refused(lambda: turns_table([(float("nan"), 2.0, "client")])),
        "over each other": refused(lambda: turns_table([(0.0, 2.0, "client"), (1.0, 3.0, "client")])),
        "no column": refused(lambda: validate(TALK.drop(columns="confidence"))),
        "no order": refused(lambda: validate(TALK[::-1])),
        "nobody there": refused(lambda: split(TALK, 4.5, "client")),
        "nothing after": refused(lambda: merge(TALK, 6)),
        "no names": refused(lambda: add(voices, 1, 2, "client")),
    } == snapshot
