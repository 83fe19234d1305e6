"""What is said about sharing: the cautions, and in plain words what would go out."""

from __future__ import annotations

from collections.abc import Collection

from therapy_review.sharing.clip import Clip
from therapy_review.sharing.plan import Plan
from therapy_review.turns import Span
from therapy_review.wording import clock, counted

CAUTIONS = {
    "hurt": "It may hurt to hear. What was right in the room can sound different outside it, to you and to whoever "
    "hears it.",
    "panic": "Hearing a session, or your own voice, can bring panic or old feelings back, also hours later. It can "
    "wait for a good day, and you can leave it altogether.",
    "others": "It is not about you alone. Whoever is spoken of, and whoever sat with you, can be known again by "
    "what is said, also where their voice or a name is silent. They trusted that it stays between you.",
    "court": "A court, an insurer or an authority may ask for what was shared, and in some places sharing ends the "
    "protection that talks in therapy have. This is not legal advice.",
    "for-good": "What is sent cannot be called back. It can be copied, passed on and kept, by people and by the "
    "services it goes through, even where you trust the one it is for.",
}
LISTEN = (
    "Who spoke when was worked out by a computer, which can err. Hear every clip to its end before you send it; "
    "what should not be in it can be made silent."
)
LIES_OPEN = (
    "The clips lie open in that folder, also where your journal is sealed: whoever comes by them can hear them. "
    "Delete them there once they are sent."
)


def left_unread(read: Collection[str]) -> list[str]:
    """Name the cautions, by their keys, that were not read.

    Examples
    --------
    >>> left_unread(["hurt", "panic", "court", "for-good"])
    ['others']
    """
    return [name for name in CAUTIONS if name not in read]


def in_words(plan: Plan, names: dict[str, str]) -> list[str]:
    """Say exactly what would go out, in a line for all and one for each clip; `names` are people's, by role.

    Examples
    --------
    >>> some = Clip(10, 20, ((12, 13),), 0.0, ("therapist",))
    >>> in_words(Plan("2026-03-04", "Sam", ("client",), (some,), ((10, 20),), ()), {"therapist": "Daniel"})[1]
    '0:10 to 0:20: 10.0 seconds, of which 1.0 are silent. Left out: the voice of Daniel.'
    """
    first = (
        f"For {plan.who}, from {plan.session}: {counted(len(plan.clips), 'clip')}, "
        f"{sum(one.seconds for one in plan.clips):.1f} seconds in all, with "
        f"{' and '.join(_whose(who, names) for who in plan.voices)} and nobody else's."
    )
    return [first, *(_clip(one, names) for one in plan.clips)]


def _clip(one: Clip, names: dict[str, str]) -> str:
    parts = [
        f"{clock(one.start)} to {clock(one.end)}: {one.seconds:.1f} seconds, of which "
        f"{one.seconds_silent:.1f} are silent"
    ]
    if one.by_choice:
        parts[0] += f" ({one.by_choice:.1f} because you wanted them so)"
    if one.left_out:
        parts.append(f"Left out: {' and '.join(_whose(who, names) for who in one.left_out)}")
    if one.unsure:
        parts.append(f"Left out, because it is not sure whose they are: {one.unsure:.1f} seconds of words")
    return ". ".join(parts) + "."


def _whose(who: str, names: dict[str, str]) -> str:
    if who == "client":
        return "your voice"
    return f"the voice of {names.get(who) or {'other': 'somebody else'}.get(who, who)}"


def in_the_ledger(plan: Plan) -> str:
    """Say for the ledger which stretches went out and which of them were chosen to be silent, in times alone.

    Examples
    --------
    >>> in_the_ledger(Plan("2026-03-04", "Sam", ("client",), (), ((10, 20), (60, 65)), ((12, 13.5),)))
    '0:10.0-0:20.0 1:00.0-1:05.0; silent 0:12.0-0:13.5; voices: client'
    """
    silent = f"; silent {_times(plan.silence)}" if plan.silence else ""
    return f"{_times(plan.chosen)}{silent}; voices: {', '.join(plan.voices)}"


def _times(some: Collection[Span]) -> str:
    return " ".join(f"{exact(start)}-{exact(end)}" for start, end in some)


def exact(seconds: float) -> str:
    """Write a time within a recording to the tenth of a second.

    Examples
    --------
    >>> exact(134.25), exact(3725)
    ('2:14.2', '1:02:05.0')
    """
    tenths = round(seconds * 10)
    return f"{clock(tenths // 10)}.{tenths % 10}"
