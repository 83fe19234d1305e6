from __future__ import annotations

import html
import json
from base64 import b64encode
from urllib.parse import quote

import nbformat
import pandas as pd
import pytest
from hypothesis import assume, given, strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from therapy_review.journal.journal import Journal, open_journal
from therapy_review.reports.batch import Job, Run
from therapy_review.reports.privacy import (
    LONG,
    SHORT,
    MoodTags,
    Private,
    holds_sound,
    holds_words,
    our_words,
    said_anyway,
    tags_of,
    tidied,
    words_beside,
    words_of,
)
from therapy_review.reports.workers import templates
from therapy_review.reports.writer import what_it_holds
from therapy_review.wording import paragraphs

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
        json.dumps({"application/json": {NOTE: 1}}),
        f'<a href="mailto:x@y.z?body={quote(NOTE)}">write</a>',
        pd.DataFrame({"word": NOTE.split()}).to_html(),
        json.dumps(
            {"text/plain": pd.DataFrame({"word": NOTE.split()}).to_string().splitlines(keepends=True)}
        ),
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


DRAWN = f"<svg><text>{html.escape(NOTE)}</text></svg>"


@pytest.mark.parametrize(
    "report",
    [
        DRAWN,
        f"<svg><title>x</title><text><tspan>{'</tspan><tspan>'.join(NOTE[60:].split())}</tspan></text></svg>",
        f'<img src="data:image/svg+xml;base64,{b64encode(DRAWN.encode()).decode()}">',
        f'<img src="data:image/svg+xml;charset=utf-8;base64,{b64encode(DRAWN.encode()).decode()}">',
        f"<img src='data:image/svg+xml;utf8,{quote(DRAWN)}'>",
        json.dumps({"image/svg+xml": DRAWN}),
        f"<p data-note='{html.escape(NOTE)}'>It</p>",
        f'<input value="{html.escape(NOTE)}">',
        f"<p title='{html.escape(NOTE)}'>It</p>",
        f"<!-- {NOTE} -->",
        f"<script>const note = {json.dumps('Änne said ' + NOTE)}</script>",
    ],
)
def test_private_words_are_found_in_drawings_attributes_comments_and_scripts(report: str) -> None:
    assert holds_words(report, [NOTE])


def test_the_words_of_every_session_are_looked_for(journal: Journal) -> None:
    store = journal.store
    secret = "what I told nobody but the lamp that evening"
    store.write("letters.md", f"## 2026-03-05\n\n{secret}\n".encode())
    assert holds_words(f"<p>{secret}</p>", words_beside(journal))
    first, last = journal.sessions[0], journal.sessions[-1]
    store.write(first.file("notes.md"), f"On the first day I thought of {secret[12:]}.\n".encode())
    work = Run(journal, Job(templates.find("session_report"), {"private_notes": "left out"}))
    shown = {"html": b"<p>On the first day I thought of nobody at all</p>"}
    assert "your notes" in what_it_holds(shown, {}, lambda: work.private(last))
    assert "Words" in what_it_holds({"html": secret.encode()}, {}, lambda: [work.every_word])
    assert (
        what_it_holds({"html": secret.encode()}, {"private_notes": "shown"}, lambda: [work.every_word]) == ""
    )


def test_what_the_page_says_of_itself_is_no_secret() -> None:
    said = "You came with your mood at 3 and left with it at 8, of 10"
    note = "with your mood"
    assert not Private([note, "who spoke when?"], our_words("")).held_in(
        f"<h2>Who spoke when</h2><p>{said}</p>"
    )
    assert Private([note]).held_in(said)


def test_many_texts_are_searched_as_exactly_as_one() -> None:
    many = [f"{n} boats came home to the harbour at {n} in the evening" for n in range(500)]
    private = Private(many)
    assert private.held_in(f"<p>It was said: {many[317][9:50]}</p>")
    assert not private.held_in("<p>It was said: boats came to a harbour in evenings, at home</p>")
    assert not Private([]).held_in("<p>anything</p>")
    assert not private.held_in("")


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


LINES = "- cried on the bus\n- Ängste vor Müttern\n- want to call Ada\n- slept three hours\n- hit the kitchen wall"


@pytest.mark.parametrize(
    "shown",
    [
        pd.DataFrame([{"t": LINES}]).to_string(),
        pd.DataFrame([{"t": LINES}]).to_html(),
        repr({"note": [LINES]}),
        repr(repr(LINES)),
        ascii(LINES),
        ascii("Ängste vor Müttern und Größe"),
        json.dumps({"kept": LINES}),
        r"\U00000063ried on the bus\r\t\x41ngste",
    ],
)
def test_words_in_which_signs_are_written_as_code_are_found(shown: str) -> None:
    texts = [LINES, "cried on the bus\tAngste", "Ängste vor Müttern und Größe"]
    assert holds_words(shown, texts)
    assert holds_words(f"<pre>{html.escape(shown)}</pre>", texts)
    assert holds_words(json.dumps({"cells": [{"outputs": [{"text": [shown]}]}]}), texts)


@given(st.lists(st.text("abcäöüßжλ -'\t🙂", min_size=9, max_size=30), min_size=2, max_size=6).map("\n".join))
def test_a_text_is_found_as_python_would_write_it(text: str) -> None:
    assume(sum(map(str.isalnum, text)) >= LONG)
    for shown in (repr([text]), ascii(text), json.dumps(text)):
        assert holds_words(f"<td>{html.escape(shown)}</td>", [text])


@pytest.mark.parametrize("line", LINES.splitlines())
def test_each_line_of_a_note_is_looked_for_by_itself(line: str) -> None:
    assert holds_words(f"<p>{line}</p>", [LINES])


def test_each_sentence_of_a_note_is_looked_for_by_itself() -> None:
    note = (
        "It was a week. I slept 3 hours on Monday! (“Was he there?”) I cried on a bus; nobody saw it at all."
    )
    for sentence in ("I slept 3 hours on Monday", "I slept hours on Monday"):
        assert holds_words(f"<p>{sentence}</p>", [note])
    assert not holds_words(
        "<p>It was a week. Was he there?</p>", ["It was a week.\nWas he there?\nNo, he was not."]
    )


@given(st.lists(st.text("abcd ", min_size=1, max_size=40), min_size=1, max_size=6), st.sampled_from("\n.!?"))
def test_any_line_or_sentence_long_enough_is_found(parts: list[str], end: str) -> None:
    text = f"{end} ".join(parts)
    for part in parts:
        if sum(map(str.isalnum, part)) >= SHORT:
            assert holds_words(f"<p>“{part}”</p>", [text])


@pytest.mark.parametrize(
    "line",
    ["Thursday, 5 March 2026", "Sat 14 Feb 2026, 10:30", "Session 2026-03-05", "12 minutes of silence"],
)
def test_a_line_that_any_report_may_hold_is_not_taken_for_private(line: str) -> None:
    note = f"{line}\nThen I told about the lamp and all the rest.\n{line}."
    known = 'f"{count} minutes of silence"'
    assert not Private([note], our_words(json.dumps({"source": known}))).held_in(f"<h1>{line}</h1>")


def test_names_that_stand_in_the_journal_are_no_secret(journal: Journal) -> None:
    text = journal.store.read("journal.toml").decode().replace('"Daniel"', '"Daniel Hartmann-Lee"')
    journal.store.write("journal.toml", text.encode())
    note = b"Daniel Hartmann-Lee\nHe was late, and I waited by the door.\n"
    journal.store.write(journal.sessions[0].file("notes.md"), note)
    now = open_journal(journal.store.root)
    private = Run(now, Job(templates.find("session_report"), {})).every_word
    assert not private.held_in("<p>You met Daniel Hartmann-Lee.</p>")
    assert private.held_in("<p>He was late, and I waited by the door.</p>")


BASE64 = b64encode(LINES.encode()).decode()


@pytest.mark.parametrize(
    "address",
    [
        f"data:text/plain;base64,{BASE64}",
        f"data:text/plain;charset=utf-8;base64,{BASE64}",
        f"data:;base64,{BASE64}",
        f"DATA:application/octet-stream;BASE64,{BASE64.rstrip('=')}",
        f"data:text/plain;base64,{quote(BASE64, safe='')}",
        f"data:text/csv;base64,{BASE64[:76]}\n{BASE64[76:]}",
        f"data:application/json;base64,{b64encode(json.dumps([LINES]).encode()).decode()}",
        f"data:text/html,{quote('<p>' + LINES[:25].replace(' ', '</p><p>') + LINES[25:])}",
        f"data:text/plain,{quote(LINES)}",
        f"data:image/png;base64,iVBORw0KGgo= {LINES}",
    ],
)
def test_private_words_are_found_in_what_can_be_downloaded(address: str) -> None:
    link = f'<a download="x" href="{address}">It</a>'
    assert holds_words(link, [LINES])
    assert holds_words(json.dumps({"cells": [{"outputs": [{"data": {"text/html": link}}]}]}), [LINES])


def test_a_damaged_address_stops_no_search() -> None:
    for data in ("", "A", "AAAAA", "%", "====", "//8="):
        assert not holds_words(f'<a href="data:text/plain;base64,{data}">It</a>', [LINES])
        assert holds_words(f'<a href="data:text/plain;base64,{data}">{LINES}</a>', [LINES])


@pytest.mark.parametrize(
    "report",
    [
        "<p>Your words for it: calm, On Guard.</p>",
        "<p>on\n<b>guard</b></p>",
        '<img alt="It says: on guard">',
        "<svg><text>on guard</text></svg>",
        '<input value="on guard">',
        "<!-- on guard -->",
        json.dumps({"cells": [{"outputs": [{"text": ["on ", "guard\n"]}]}]}),
    ],
)
def test_a_word_for_a_mood_is_found_wherever_it_is_read(report: str, journal: Journal) -> None:
    known = said_anyway(journal, templates.find("session_report").source, [])
    assert MoodTags(tags_of(journal), known).held_in(report)


def test_a_word_that_only_names_a_part_of_a_notebook_is_found_elsewhere() -> None:
    tags = MoodTags(["hidden", "source hidden"])
    notebook = {"cells": [{"metadata": {"jupyter": {"source_hidden": True}}, "source": ""}]}
    assert not tags.held_in(json.dumps(notebook))
    assert tags.held_in(json.dumps(notebook | {"metadata": {"hidden": 1}}))


def test_words_for_moods_that_the_page_says_itself_hold_nothing_back(journal: Journal) -> None:
    notes = "---\ntags: [you, March, Daniel, Thursday, '7', sound, who spoke when, python, on guard]\n---\n"
    journal.store.write(journal.sessions[0].file("notes.md"), notes.encode())
    tags = MoodTags(tags_of(journal), said_anyway(journal, '{"a": "My depth"}', ["a title"]))
    page = "<p>You met Daniel on Thursday 5 March. Who spoke when, a title, 7 sounds, guard on.</p>"
    assert not tags.held_in(page)
    assert not tags.held_in(json.dumps({"cells": [{"cell_type": "code", "language": "python"}]}))


def test_days_between_have_words_for_moods_too(journal: Journal) -> None:
    journal.store.write("days.csv", b"date,mood,tags\n2026-03-04,7,missing Ada | walk\n")
    assert "missing Ada" in tags_of(journal)


def test_a_report_that_names_moods_is_held_back_unless_they_are_asked_for(journal: Journal) -> None:
    work = Run(journal, Job(templates.find("session_report"), {"private_notes": "left out"}))
    page = {"html": b"<p>guilty</p>"}
    assert "your notes" in what_it_holds(page, {}, lambda: work.private(journal.sessions[0]))
    assert what_it_holds(page, {"private_notes": "shown"}, work.private) == ""


@pytest.mark.parametrize(
    "report",
    [
        f'<a download href="data:text/plain;base64,{b64encode(b"I was on guard.").decode()}">It</a>',
        f'<a href="data:text/csv,{quote("tag,on guard")}">It</a>',
        repr({"words": "calm\non guard\ntired"}),
        ascii("ängstlich"),
        f"<td>{'ängstlich'!a}</td>",
        json.dumps({"cells": [{"outputs": [{"text": repr(["x\non guard"])}]}]}),
    ],
)
def test_a_word_for_a_mood_is_found_in_what_is_written_as_code(report: str) -> None:
    assert MoodTags(["on guard", "ängstlich"]).held_in(report)


def test_a_word_that_a_template_says_after_a_line_break_holds_nothing_back(journal: Journal) -> None:
    source = json.dumps({"cells": [{"source": r'print("Now:\nquiet minutes")'}]})
    assert not MoodTags(["quiet minutes"], said_anyway(journal, source, [])).held_in(source)
