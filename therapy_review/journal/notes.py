"""Notes: Markdown with front matter, read and written back as the client left it.

A note is a header between two lines of three dashes (YAML) and free text below it. What this program does
not know in the header is kept, so are order, comments, quotes, line ends and a byte order mark; a note that
did not change is written back byte for byte. What can't be understood is said in `SessionNotes.problems`;
the rest still counts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from therapy_review.errors import NoteChangedError, NoteError
from therapy_review.storage import Store, if_there

MOODS = range(1, 11)
OF_THE_WAY = ("setting", "therapist", "microphone")  # in which a session was held
OF_THE_CLIENT = ("mood_before", "mood_after", "tags", "scores", "answers", "bring_next")
KNOWN = (*OF_THE_CLIENT, "participants", "tracks", *OF_THE_WAY)
_HEADER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_BOM = "\ufeff"


@dataclass(frozen=True)
class SessionNotes:
    r"""What a client wrote about one session.

    Parameters
    ----------
    mood_before, mood_after : int or None
        1 (low) to 10 (high), as the client felt it.
    tags : tuple of str
        Mood words, in the client's order.
    scores : mapping of str to float
        Totals of questionnaires, by name (``{"phq9": 12}``).
    answers : mapping of str to tuple of int or None
        Answers to a questionnaire's items, by its name, in their order; None where there is none.
    bring_next : str
        What to bring next time.
    participants : tuple of str
        Who was heard: ``client``, ``therapist`` or a name; client and therapist when nothing is said, nobody when
        what is said can't be read.
    tracks : tuple of str
        Who is on each channel of the recording, where everybody has one of their own; found from the sound when
        nothing is said. A single word, as in ``together``, says that nobody has.
    setting : str
        Where this session was held, as in ``room``, ``online`` or ``walking``.
    therapist, microphone : str
        With whom, and by what it was recorded, from this session on until another note says otherwise.
    text : str
        Free text, with plain line ends.
    problems : tuple of str
        One clear sentence for everything in the file that could not be understood.
    source : str
        The file as it was read, so that it can be written back with its formatting.

    Examples
    --------
    >>> notes = parse(b"---\nmood_after: 6\ntags: [calm]\n---\nWe laughed.\n", "notes.md")
    >>> notes.mood_after, notes.tags, notes.text
    (6, ('calm',), 'We laughed.\n')
    """

    mood_before: int | None = None
    mood_after: int | None = None
    tags: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)
    bring_next: str = ""
    participants: tuple[str, ...] = ("client", "therapist")
    tracks: tuple[str, ...] = ()
    setting: str = ""
    therapist: str = ""
    microphone: str = ""
    text: str = ""
    problems: tuple[str, ...] = ()
    source: str = ""

    def changed(self, **what: Any) -> SessionNotes:
        """Return these notes with some fields changed; the file they came from is remembered."""
        return replace(self, **what)


def parse(data: bytes, where: str) -> SessionNotes:
    """Read notes from a file's bytes, always: a damaged header costs the header, not the text."""
    try:
        source = data.decode("utf-8")
        problems = []
    except UnicodeDecodeError:
        source = data.decode("cp1252", errors="replace")
        problems = [f"{where} is not saved as UTF-8; open it in your editor and save it again as UTF-8."]
    header, text = _split(source)
    values, broken = _load(header, where)
    problems += broken
    fields, odd = _read_fields(values, where)
    if broken and "participants" in header:
        fields["participants"] = ()
    return SessionNotes(**fields, text=text, problems=tuple(problems + odd), source=source)


def save(store: Store, name: str, changed: SessionNotes) -> SessionNotes:
    """Save notes, unless the file was changed by another program since they were read; go on from what is returned.

    What can't be saved, for that or for a damaged header, is kept beside the file.
    """
    with store.writing():
        now = if_there(store.read, name) or b""
        # Compared as text as it was decoded, so that an odd encoding does not look like a change.
        unchanged = parse(now, name).source == changed.source
        try:
            data = render_notes(changed if unchanged else changed.changed(source=""))
        except NoteError as error:
            kept = _keep(store, name, render_notes(changed.changed(source="")))
            raise NoteError(f"{error} What you wrote just now is safe in {kept}.") from error
        if not unchanged:
            kept = _keep(store, name, data)
            raise NoteChangedError(
                f"{store.where(name)} was changed by another program since you opened it, so it was left "
                f"as it is; what you wrote here is safe in {kept}. Put the two together when you like."
            )
        if data != now:
            store.write(name, data)
    return parse(data, store.where(name))


def _keep(store: Store, name: str, data: bytes) -> str:
    """Keep another version of the notes beside them; the same words are kept once."""
    notes, number = PurePosixPath(name), 1
    while if_there(store.read, beside := f"{notes.with_suffix('')}-kept-{number}.md") not in (None, data):
        number += 1
    store.write(beside, data)
    return store.where(beside)


def render_notes(notes: SessionNotes) -> bytes:
    """Write notes as the bytes of a file, keeping what the client's own file looked like.

    Parameters
    ----------
    notes : SessionNotes

    Returns
    -------
    bytes
        UTF-8, with the line ends and byte order mark of the file the notes were read from.

    Raises
    ------
    NoteError
        When the header the notes came from is damaged, so that writing would lose something.
    """
    header, text = _split(notes.source)
    values, broken = _load(header, "the notes")
    if broken:
        raise NoteError(broken[0])
    before, _ = _read_fields(values, "")
    wanted = {name: getattr(notes, name) for name in KNOWN}
    updates = {name: value for name, value in wanted.items() if value != before[name]}
    if not updates and notes.text == text:
        return notes.source.encode("utf-8")
    if updates:
        out = io.StringIO()
        _yaml().dump(_updated(values, updates, before), out)
        header = out.getvalue()
    body = f"---\n{header}---\n{notes.text}" if header else notes.text
    newline = "\r\n" if "\r\n" in notes.source else "\n"
    mark = _BOM if notes.source.startswith(_BOM) else ""
    return (mark + body.replace("\n", newline)).encode("utf-8")


def _split(source: str) -> tuple[str, str]:
    plain = source.removeprefix(_BOM).replace("\r\n", "\n").replace("\r", "\n")
    found = _HEADER.match(plain)
    return (found.group(1), plain[found.end() :]) if found else ("", plain)


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()  # round trip: order, comments and quotes stay
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    yaml.width = 10_000
    return yaml


def _load(header: str, where: str) -> tuple[Any, list[str]]:
    from ruamel.yaml.error import YAMLError

    try:
        values = _yaml().load(header) if header.strip() else None
    except (YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        # +2: lines count from nought, and the header starts below its first dashes
        line = f" near line {mark.line + 2}" if mark is not None else ""
        return None, [
            f"The part between the dashes in {where} can't be read{line}; write each line as "
            "name: value, as in mood_after: 6. Your text below it is safe."
        ]
    if values is not None and not isinstance(values, Mapping):
        return None, [f"The part between the dashes in {where} should be lines like mood_after: 6."]
    return values, []


def _updated(values: Any, updates: Mapping[str, Any], before: Mapping[str, Any]) -> Any:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    values = CommentedMap() if values is None else values
    for name, value in updates.items():
        if isinstance(value, Mapping):
            # Entry by entry: what could not be understood among them stays as it was written.
            there = values.get(name)
            if there is None:
                there = CommentedMap()
                there.fa.set_flow_style()
            elif not isinstance(there, CommentedMap):
                raise NoteError(f"{name} in the notes is {there}, which can't be added to; mend that line.")
            now = {key: one for key, one in value.items() if before[name].get(key) != one}
            gone = dict.fromkeys(set(before[name]) - set(value))
            value = _updated(there, now | gone, {})
        if value is None or (isinstance(value, (tuple, Mapping, str)) and len(value) == 0):
            values.pop(name, None)
        elif isinstance(value, tuple):
            sequence = CommentedSeq(value)
            sequence.fa.set_flow_style()
            values[name] = sequence
        else:
            values[name] = value
    return values


def _read_fields(values: Any, where: str) -> tuple[dict[str, Any], list[str]]:
    values = values or {}
    problems: list[str] = []

    def mood(name: str) -> int | None:
        value = values.get(name)
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value in MOODS:
            return int(value)
        problems.append(f"{name} is {value} in {where}; a mood is a whole number from 1 to 10.")
        return None

    def words(name: str) -> tuple[str, ...]:
        value = values.get(name)
        if value is None:
            return ()
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, (list, tuple)):
            problems.append(f"{name} in {where} should be a list of words, as in [calm, tired].")
            return ()
        return tuple(dict.fromkeys(str(word).strip() for word in value if str(word).strip()))

    def by_name(name: str, example: str) -> Mapping[Any, Any]:
        value = values.get(name)
        if value is not None and not isinstance(value, Mapping):
            problems.append(f"{name} in {where} should look like {example}.")
        return value if isinstance(value, Mapping) else {}

    numbers: dict[str, float] = {}
    for name, value in by_name("scores", "{phq9: 12}").items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            numbers[str(name)] = value
        else:
            problems.append(f"The score {name} in {where} is {value}; write it as a number.")
    answers: dict[str, tuple[int | None, ...]] = {}
    for name, value in by_name("answers", "{gad7: [0, 1, 2, 1, 0, 0, 1]}").items():
        if isinstance(value, list) and all(_is_answer(one) for one in value):
            answers[str(name)] = tuple(value)
        else:
            problems.append(
                f"The answers to {name} in {where} should be a list of numbers, with null for what was left open."
            )
    fields = {
        "mood_before": mood("mood_before"),
        "mood_after": mood("mood_after"),
        "tags": words("tags"),
        "scores": numbers,
        "answers": answers,
        "bring_next": str(values.get("bring_next") or "").strip(),
        "participants": words("participants")
        or (() if values.get("participants") else ("client", "therapist")),
        "tracks": words("tracks"),
        **{name: str(values.get(name) or "").strip() for name in OF_THE_WAY},
    }
    return fields, problems


def _is_answer(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
