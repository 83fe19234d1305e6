"""What another program does meanwhile, planted exactly where it hurts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

STUCK = 600  # seconds: what is waited for comes long before, however busy the computer is, or never


def before(patch: pytest.MonkeyPatch, owner: Any, name: str, act: Callable[[], Any], of: str = "") -> None:
    """Let another program act once, just before something is called; `of` is in what is given to that."""
    _planted(patch, owner, name, act, of, "before")


def after(patch: pytest.MonkeyPatch, owner: Any, name: str, act: Callable[[], Any], of: str = "") -> None:
    """Let another program act once, just after something was called."""
    _planted(patch, owner, name, act, of, "after")


def _planted(
    patch: pytest.MonkeyPatch, owner: Any, name: str, act: Callable[[], Any], of: str, when: str
) -> None:
    called, done = getattr(owner, name), []

    def planted(*given: Any, **more: Any) -> Any:
        now = not done and of in f"{given}"
        if now:
            done.append(when)  # what the other program calls is not waited for
        if now and when == "before":
            act()
        try:
            return called(*given, **more)
        finally:
            if now and when == "after":
                act()

    patch.setattr(owner, name, planted)
