from __future__ import annotations

import contextlib
import io
import itertools
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from pandas.testing import assert_frame_equal
from praatio.textgrid import openTextgrid
from pyannote.core import Annotation, Segment
from pyannote.database.util import load_rttm
from pympi import Elan

from tests.conftest import ROOT, reference
from tests.support.examples import examples
from therapy_review.errors import MissingPackageError, TurnsError
from therapy_review.hints import install_line
from therapy_review.turns.exchange import (
    FORMATS,
    decode_turns,
    encode_turns,
    read_turns,
    well_formed,
    write_turns,
)
from therapy_review.turns.table import turns_table, validate

WRITTEN = [name for name, kind in FORMATS.items() if kind.write]
REFERENCES = sorted((ROOT / "tests" / "reference").glob("*.rttm"))
unhurried = examples(50)

odd = st.sampled_from(
    [
        "Anna Maria",
        'Jo "the voice"',
        "NA",
        "nan",
        "",
        "1",
        "<NA>",
        "50%20",
        "a,b;c",
        "O'Neil & Söhne <x>",
        "李 雷",
    ]
)
names = (st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Cs"])) | odd).filter(
    lambda name: name.strip() and not set(name) & {"\ufffe", "\uffff"} and "[" not in name
)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Any turns table on a grid of milliseconds: touching rows, rows of others over them, odd names."""
    rows = []
    for speaker in draw(st.lists(names, min_size=1, max_size=4, unique=True)):
        edges = sorted(draw(st.sets(st.integers(0, 20_000_000), min_size=2, max_size=8)))
        spoken = [True, *draw(st.lists(st.booleans(), min_size=len(edges) - 2, max_size=len(edges) - 2))]
        for start, end in itertools.compress(itertools.pairwise(edges), spoken):
            rows.append((start / 1000, end / 1000, speaker, draw(st.integers(0, 1000)) / 1000))
    return turns_table(sorted(rows))


@pytest.mark.parametrize("kind", WRITTEN)
@unhurried
@given(turns=tables(), recording=st.text())
def test_what_is_written_is_read_back_the_same(kind: str, turns: pd.DataFrame, recording: str) -> None:
    again = decode_turns(encode_turns(turns, kind, recording), kind, "turns")
    assert_frame_equal(again, turns, check_exact=True)
    assert again.attrs["left_out"] == 0


@unhurried
@given(
    rows=st.lists(
        st.tuples(st.floats(0, 1e5), st.floats(0.002, 500), st.sampled_from("AB"), st.floats(0, 1)),
        min_size=1,
    )
)
def test_any_times_come_back_to_the_millisecond(rows: list) -> None:
    mended = well_formed([(s, s + d, who, c) for s, d, who, c in rows], "turns")
    validate(mended)
    assert abs(mended["start"].min() - min(row[0] for row in rows)) <= 0.0005 + 1e-9
    assert abs(mended["end"].max() - max(row[0] + row[1] for row in rows)) <= 0.0005 + 1e-9
    assert_frame_equal(
        decode_turns(encode_turns(mended, "rttm", "r"), "rttm", "turns"), mended, check_exact=True
    )


@pytest.mark.parametrize("kind", [*FORMATS])
@unhurried
@given(data=st.data())
def test_a_damaged_file_is_one_sentence_and_never_a_traceback(kind: str, data: st.DataObject) -> None:
    whole = encode_turns(turns_table([(0, 1, "A B"), (1, 2.5, "C")]), kind if kind in WRITTEN else "csv", "r")
    cut = data.draw(st.integers(0, len(whole)))
    junk = data.draw(st.binary(max_size=20))
    with contextlib.suppress(TurnsError):
        validate(decode_turns(whole[:cut] + junk + whole[cut + len(junk) :], kind, "turns"))


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", WRITTEN)
def test_the_reference_turns_survive_every_format(path: Path, kind: str, tmp_path: Path) -> None:
    turns = read_turns(path)
    assert_frame_equal(
        turns.drop(columns="confidence"), reference(path.stem).drop(columns="confidence"), atol=1e-9
    )
    target = tmp_path / f"turns.{kind}"
    write_turns(turns, target)
    write_turns(turns, target)
    assert_frame_equal(read_turns(target), turns, check_exact=True)
    assert [file.name for file in tmp_path.iterdir()] == [target.name]  # no copy, nothing half written


def annotation(turns: pd.DataFrame) -> Annotation:
    said = Annotation(uri="2026-01-08")
    for number, (start, end, speaker) in enumerate(
        turns[["start", "end", "speaker"]].itertuples(index=False)
    ):
        said[Segment(start, end), number] = speaker
    return said


SAID = turns_table([(0, 2.5, "client", 0.93), (2.25, 4, "therapist"), (4, 4.125, "client", 0.5)])


def test_pyannote_reads_what_we_write_and_we_read_what_it_writes(tmp_path: Path) -> None:
    write_turns(SAID, tmp_path / "2026-01-08.rttm")
    assert load_rttm(tmp_path / "2026-01-08.rttm")["2026-01-08"].to_rttm() == annotation(SAID).to_rttm()
    heard = decode_turns(annotation(SAID).to_rttm().encode(), "rttm", "turns.rttm")
    assert_frame_equal(heard, SAID.assign(confidence=1.0))


def test_praatio_opens_our_textgrid_with_a_tier_for_each_speaker(tmp_path: Path) -> None:
    write_turns(SAID, tmp_path / "said.TextGrid")
    grid = openTextgrid(str(tmp_path / "said.TextGrid"), includeEmptyIntervals=False)
    assert grid.tierNames == ("client", "therapist")
    assert [tuple(entry) for entry in grid.getTier("client").entries] == [
        (0, 2.5, "confidence 0.93"),
        (4, 4.125, "confidence 0.5"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("length", ["long_textgrid", "short_textgrid"])
def test_praats_own_files_are_read_with_any_text_as_a_turn(
    length: str, encoding: str, tmp_path: Path
) -> None:
    write_turns(turns_table([(0.5, 2, "Zoë")]), tmp_path / "a.TextGrid")
    grid = openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=False)
    tier = grid.getTier("Zoë")
    grid.replaceTier("Zoë", tier.new(entries=[(0.5, 2, "ja,\nund dann")]))
    grid.save(str(tmp_path / "b.TextGrid"), length, includeBlankSpaces=True)
    data = (tmp_path / "b.TextGrid").read_text(encoding="utf-8").encode(encoding)
    assert decode_turns(data, "TextGrid", "b.TextGrid").to_numpy().tolist() == [[0.5, 2.0, "Zoë", 1.0]]


def test_pympi_opens_our_elan_file_and_we_read_its_files_without_dependent_tiers(tmp_path: Path) -> None:
    write_turns(SAID, tmp_path / "said.eaf")
    document = Elan.Eaf(str(tmp_path / "said.eaf"))
    assert sorted(document.get_tier_names()) == ["client", "therapist"]
    assert document.get_annotation_data_for_tier("client")[0] == (0, 2500, "confidence 0.93")
    document.add_linguistic_type("words", constraints="Included_In")
    document.add_tier("words", ling="words", parent="client")
    document.add_annotation("words", 100, 300, "so")
    document.to_file(str(tmp_path / "words.eaf"))
    assert_frame_equal(read_turns(tmp_path / "words.eaf"), SAID)


def test_an_elan_tier_speaks_for_its_participant() -> None:
    text = encode_turns(SAID, "eaf", "r").decode().replace('PARTICIPANT="client"', 'PARTICIPANT="Robin"')
    assert set(decode_turns(text.encode(), "eaf", "r.eaf")["speaker"]) == {"Robin", "therapist"}


def whisper(segments: list[dict[str, object]]) -> bytes:
    return json.dumps({"language": "en", "segments": segments}).encode()


def test_whisper_segments_with_speakers_are_turns_and_those_without_are_counted() -> None:
    heard = decode_turns(
        whisper(
            [
                {"start": 0.5, "end": 2.0, "text": "Hello.", "speaker": "SPEAKER_00"},
                {"start": 2.5, "end": 3.0, "text": "Hm."},
                {
                    "start": 3.25,
                    "end": 4.0,
                    "text": "Hi.",
                    "speaker": "SPEAKER_01",
                    "words": [{"word": "Hi."}],
                },
            ]
        ),
        "json",
        "a.json",
    )
    assert heard["speaker"].tolist() == ["SPEAKER_00", "SPEAKER_01"]
    assert heard.attrs["left_out"] == 1


def test_words_with_speakers_part_a_segment_between_two_people_but_not_at_every_word() -> None:
    words = [
        {"word": "So", "start": 1.0, "end": 1.2, "score": 0.8, "speaker": "A"},
        {"word": "7", "speaker": "A"},
        {"word": "then", "start": 2.0, "end": 2.4, "speaker": "A"},
        {"word": "yes", "start": 2.5, "end": 2.75, "speaker": "B"},
    ]
    data = json.dumps(
        {"result": json.loads(whisper([{"start": 1, "end": 2.75, "speaker": "A", "words": words}]))}
    )
    assert decode_turns(data.encode(), "json", "a.json").to_numpy().tolist() == [
        [1.0, 2.4, "A", 1.0],
        [2.5, 2.75, "B", 1.0],
    ]


RTTM = "SPEAKER {} 1 {} {} <NA> <NA> {} <NA> <NA>\n"


@pytest.mark.parametrize(
    ("file", "data", "sentence"),
    [
        ("a.rttm", RTTM.format("x", 1, 1, "A") + RTTM.format("y", 2, 1, "A"), "2 recordings (x, y)"),
        ("a.rttm", RTTM.format("x", 1, -0.5, "A"), "before it starts"),
        ("a.rttm", RTTM.format("x", -1, 0.5, "A"), "before the recording"),
        ("a.rttm", "SPEAKER x 1 0.5\n", "once more"),
        ("a.rttm", "", "no turns with"),
        ("a.rttm", ";; nothing\n", "no turns with"),
        ("a.csv", "start,end,who\n0,1,A\n", "no column speaker"),
        ("a.csv", "start,end,speaker\n0,soon,A\n", "no number"),
        ("a.csv", "", "once more"),
        ("a.eaf", "<ANNOTATION_DOCUMENT><TIER", "once more"),
        ("a.eaf", "<html></html>", "once more"),
        ("a.TextGrid", "ooBinaryFile\x08TextGrid", "a text file"),
        ("a.TextGrid", "Once upon a time", "once more"),
        ("a.parquet", "PAR1 nothing PAR1", "once more"),
        ("a.json", "{}", "list of segments"),
        ("a.json", '{"segments": [{"start": 0, "end": 1, "text": "Hm"}]}', "no turns with"),
        ("a.docx", "", "of no kind"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_named_with_a_remedy(
    file: str, data: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / file).write_bytes(data.encode())
    with pytest.raises(TurnsError) as raised:
        read_turns(tmp_path / file)
    assert file in str(raised.value)
    assert sentence in str(raised.value)
    assert str(tmp_path) not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TurnsError, match=r"nowhere\.rttm"):
        read_turns(tmp_path / "nowhere.rttm")


def test_stretches_of_one_speaker_over_each_other_are_joined_and_touching_ones_are_not() -> None:
    lines = [(0, 10, "A"), (1, 1, "A"), (3, 1, "A"), (2, 3, "B"), (10, 1, "A"), (11, 0, "A")]
    data = "".join(RTTM.format("x", start, length, who) for start, length, who in lines)
    heard = decode_turns(data.encode(), "rttm", "x.rttm")
    assert heard[["start", "end", "speaker"]].to_numpy().tolist() == [
        [0, 10, "A"],
        [2, 5, "B"],
        [10, 11, "A"],
    ]
    assert heard.attrs["left_out"] == 1


@pytest.mark.parametrize(
    ("kind", "speaker"), [("rttm", "A\nB"), ("csv", "A\rB"), ("eaf", "\x07"), ("TextGrid", "item [1]")]
)
def test_a_name_a_format_cant_hold_is_refused_before_anything_is_written(
    kind: str, speaker: str, tmp_path: Path
) -> None:
    with pytest.raises(TurnsError, match="simpler name"):
        write_turns(turns_table([(0, 1, speaker)]), tmp_path / f"a.{kind}")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_where_nobody_speaks_and_whispers_json_is_only_read(tmp_path: Path) -> None:
    with pytest.raises(TurnsError, match="no turns"):
        write_turns(turns_table(), tmp_path / "a.rttm")
    offered = r".*: rttm, textgrid, eaf, csv, parquet\."
    with pytest.raises(TurnsError, match=f"not written{offered}"):
        write_turns(SAID, tmp_path / "a.json")
    with pytest.raises(TurnsError, match=f"no kind{offered}"):
        write_turns(SAID, tmp_path / "a.txt")


def test_parquet_keeps_types_and_without_pyarrow_says_how_to_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_turns(SAID, "parquet", "r")
    assert pd.read_parquet(io.BytesIO(data))["start"].dtype == np.float64
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for attempt in (
        lambda: encode_turns(SAID, "parquet", "r"),
        lambda: decode_turns(data, "parquet", "a.parquet"),
    ):
        with pytest.raises(MissingPackageError, match=re.escape(install_line("parquet"))):
            attempt()
