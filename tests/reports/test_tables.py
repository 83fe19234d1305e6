"""The table of everything: the same columns of the same kinds whatever is missing, and described."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import root_of
from therapy_review import open_journal
from therapy_review.journal.journal import Journal
from therapy_review.reports.tables import as_csv, as_parquet, everything

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def test_the_kinds_of_columns_do_not_depend_on_what_is_closed(short: Journal) -> None:
    whole = everything(short)
    closed = everything(short, [session.name for session in short.sessions])
    assert {name: whole[name].dtype for name in closed} == dict(closed.dtypes)
    assert closed["long_silences"].isna().all()
    assert list(closed.dtypes[["session", "engine", "long_silences", "lead_in"]].astype(str)) == [
        *("string", "string", "Int64", "float64")
    ]
    both = pd.concat([closed, whole])
    assert dict(both[list(closed)].dtypes) == dict(closed.dtypes)


def test_a_journal_without_any_session_has_the_columns_too(journal: Journal, short: Journal) -> None:
    for session in journal.sessions:
        journal.store.remove_folder(f"sessions/{session.name}")
    empty = everything(open_journal(root_of(journal)))
    assert len(empty) == 0
    assert set(empty) <= set(everything(short)) | {"tags"}
    assert {"session", "engine", "long_silences"} <= set(empty)


def test_what_counts_is_written_as_whole_numbers(short: Journal) -> None:
    table = everything(short)
    first = pd.read_csv(io.BytesIO(as_csv(table)), dtype=str).iloc[0]
    assert re.fullmatch(r"\d+", first["long_silences"])
    assert re.fullmatch(r"\d+", first["voice_1_turns"])
    pytest.importorskip("pyarrow")
    again = pd.read_parquet(io.BytesIO(as_parquet(table)))
    pd.testing.assert_frame_equal(again, table)


def test_every_column_is_described(journal: Journal) -> None:
    described = set(re.findall(r"`([a-z]\w*)`", PAGE.read_text(encoding="utf-8")))
    for name in everything(journal):
        general = re.sub(
            r"^(?:client|therapist|voice_\d+|[a-z]+)_(?=(?:talk|session_share|turns|back|paus|lat|longest))",
            "client_",
            name,
        )
        general = "long_silences_client_therapist" if re.match("long_silences_(?!inside)", name) else general
        general = "score_phq9" if name.startswith("score_") else general
        assert general in described, name
