"""A private workbook for hearing your own therapy sessions again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Left alone, onnxruntime gives this computer a number and tells its makers what was run; it reads this on import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
__all__ = [
    "Journal",
    "Recording",
    "Session",
    "__version__",
    "analyse",
    "create_journal",
    "forget_turns",
    "open_journal",
    "read_turns",
    "use_turns",
    "write_turns",
]

if TYPE_CHECKING:
    from therapy_review.analysis.analysis import analyse
    from therapy_review.analysis.external_turns import forget_turns, use_turns
    from therapy_review.turns.exchange import read_turns, write_turns
    from therapy_review.journal.journal import Journal, open_journal
    from therapy_review.journal.new_journal import create_journal
    from therapy_review.sound.recording import Recording
    from therapy_review.journal.session import Session

_HOMES = {
    "analyse": "analysis",
    "Journal": "journal",
    "Session": "session",
    "create_journal": "new_journal",
    "open_journal": "journal",
    "Recording": "recording",
    "forget_turns": "elsewhere",
    "use_turns": "elsewhere",
    "read_turns": "interchange",
    "write_turns": "interchange",
}


def __getattr__(name: str) -> Any:
    # pandas alone takes longer to import than a person notices: the modules come when they are asked for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
