"""Reopening: a recording that is read again and again, and decrypted once."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from therapy_review.storage import Store


def opener(store: Store, name: str) -> Callable[[], BinaryIO]:
    """Return what opens a file as often as it is called; one that is opened in memory is decrypted once.

    Its bytes stay in memory, once, for as long as what is returned does. A file that changed is opened anew, and of
    one that is gone nothing is given any more.

    Parameters
    ----------
    store : Store
    name : str

    Returns
    -------
    callable
        Raises as `Store.open`.
    """
    known: tuple[tuple[int, int], bytes] | None = None

    def opened() -> BinaryIO:
        nonlocal known
        stamp, before = store.stamp(name), known
        if before is not None and before[0] == stamp:
            return io.BytesIO(before[1])  # which shares these bytes, for nobody writes
        known = before = None  # let go of before there is another
        file = store.open(name)
        if isinstance(file, io.BytesIO):
            known = (stamp, file.getvalue())
        return file

    return opened
