"""Stretches of time as pairs of seconds, put together, cut and turned round.

A list of spans is in order of time, and none touches another. Everything here is a pure function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeVar

Span = tuple[float, float]
Number = TypeVar("Number", bound=float)


def joined(spans: Iterable[tuple[Number, Number]]) -> list[tuple[Number, Number]]:
    """Put spans that touch or lie over each other together; what has no length is left out.

    Examples
    --------
    >>> joined([(5, 6), (1, 2), (2, 3), (4, 4)])
    [(1, 3), (5, 6)]
    """
    found: list[tuple[Number, Number]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def within(spans: Iterable[tuple[Number, Number]], start: Number, end: Number) -> list[tuple[Number, Number]]:
    """Give what of some spans lies between two times.

    Examples
    --------
    >>> within([(0, 2), (3, 9)], 1, 5)
    [(1, 2), (3, 5)]
    """
    return joined((max(a, start), min(b, end)) for a, b in spans)


def without(
    spans: Iterable[tuple[Number, Number]], start: Number, end: Number
) -> list[tuple[Number, Number]]:
    """Give what between two times lies in none of some spans.

    Examples
    --------
    >>> without([(0, 2), (3, 9)], 1, 10)
    [(2, 3), (9, 10)]
    """
    edges = [start, *chain(*within(spans, start, end)), end]
    return joined(zip(edges[::2], edges[1::2], strict=True))


def length(spans: Iterable[Span]) -> float:
    """Add up how long spans are that do not lie over each other.

    Examples
    --------
    >>> length([(1, 2), (5, 7.5)])
    3.5
    """
    return float(sum(end - start for start, end in spans))


def widened(spans: Sequence[Span], margin: float) -> list[Span]:
    """Let spans begin earlier and end later.

    Examples
    --------
    >>> widened([(1, 2), (2.5, 3)], 0.25)
    [(0.75, 3.25)]
    """
    return joined((start - margin, end + margin) for start, end in spans)
