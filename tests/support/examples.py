"""How many examples hypothesis tries: few in each of many runs, fifteen times as many in `make test-slow`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

THOROUGH = "THOROUGH" in os.environ


def examples(often: int, **more: Any) -> settings:
    """As settings: this often where time is no matter, a third of it in every day's runs."""
    return settings(max_examples=5 * often if THOROUGH else max(10, often // 3), **more)
