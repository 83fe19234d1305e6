from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from therapy_review.batch.private import LONG, SHORT, holds_sound, holds_words, tidied, words_of
from therapy_review.journal import Journal
from therapy_review.still import paragraphs

NOTE = 'I said that I\'m <afraid> of the "silence" in\nthe house, since the winter; and then we laughed & went on.'
letters = st.text(min_size=LONG + 6, max_size=300).filter(lambda text: sum(map(str.isalnum, text)) >= LONG)


@pytest.mark.parametrize(
    "report",
    [
        f"<p>{paragraphs(NOTE)}</p>",
        f'<img alt="{NOTE.replace(chr(34), "&quot;")}">',
        NOTE.upper(),
        f"<p>{paragraphs(NOTE[20:70])}</p>",
        "<p>" + "</b> <i>".join(NOTE.replace("<", "&lt;").split()) + "</p>",
        json.dumps({"text/html": f"<p>{paragraphs(NOTE)}</p>"}),
        json.dumps({"text/plain": NOTE}, ensure_ascii=True),
    ],
)
def test_private_words_are_found_however_they_are_written(report: str) -> None:
    assert holds_words(report, [NOTE])


@given(letters, letters)
def test_words_within_others_are_found_whatever_they_are(text: str, around: str) -> None:
    notebook = new_notebook(
        cells=[new_code_cell("", outputs=[new_output("stream", text=f"{around} {text} {around}")])]
    )
    assert holds_words(nbformat.writes(notebook), [text])


def test_what_everybody_might_write_is_not_taken_for_private() -> None:
    report = (
        "<p>You came with your mood at 6 and left with it at 7, of 10. Your words for it: calm, tired.</p>"
    )
    assert not holds_words(report, ["calm", "tired", "I was calm and tired.", "You", ""])


def test_a_short_mark_is_looked_for_whole() -> None:
    label = "by the old boathouse"
    assert SHORT <= len(label.replace(" ", "")) < LONG
    assert holds_words(f"<li>You marked this: {label}.</li>", [label])
    assert not holds_words("<li>You marked the old house.</li>", [label])


def test_pictures_are_not_read_as_words() -> None:
    picture = "iVBORw0KGgoAAAANSUhEUgAABXgAAAEs"
    assert not holds_words(f'<img src="data:image/png;base64,{picture}">', [picture])


@pytest.mark.parametrize(
    "report", ["<audio controls>", '<video src="x">', 'src="data:audio/wav;base64,UklG"', '"audio/mpeg": "…"']
)
def test_sound_is_found(report: str) -> None:
    assert holds_sound(report)


def test_what_a_client_wrote_is_gathered_from_notes_marks_and_transcript(journal: Journal) -> None:
    session = journal.sessions[0]
    journal.store.write(session.file("marks.csv"), b"start,kind,label,text\n3,question,the label,the text\n")
    journal.store.write(
        session.file("transcript.vtt"), b"WEBVTT\n\n00:01.000 --> 00:02.000\nthe spoken word\n"
    )
    found = words_of(session)
    assert {"the label", "the text", "the spoken word", session.notes.bring_next} <= set(found)
    assert session.notes.text in found


def test_what_papermill_and_the_kernel_leave_is_taken_out() -> None:
    added = new_code_cell(
        "session = 1", metadata={"tags": ["injected-parameters"], "papermill": {"duration": 1}}
    )
    shown = new_code_cell("x", metadata={"tags": [], "execution": {"iopub.status.busy": "2026"}})
    shown.outputs = [
        new_output("stream", name="stderr", text="/home/me: Warning"),
        new_output("stream", text="kept"),
    ]
    notebook = new_notebook(
        cells=[added, shown], metadata={"papermill": {"parameters": 1}, "widgets": {"state": 1}}
    )
    once = nbformat.writes(tidied(notebook))
    for unwanted in ("papermill", "widgets", "stderr", "/home/me", "execution.", "iopub"):
        assert unwanted not in once
    assert "kept" in once
    assert added.metadata == {"tags": ["injected-parameters"], "jupyter": {"source_hidden": True}}
    assert shown.metadata == {}
