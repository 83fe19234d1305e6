"""Words for moods as a table, written down in a line."""

from __future__ import annotations

import pandas as pd


def weekly_tags(*sessions: str) -> pd.DataFrame:
    """Give the words of sessions a week apart, each as in ``calm tired``."""
    days = pd.date_range("2024-01-04", periods=len(sessions), freq="7D")
    rows = [
        {"session": f"{day.date()}", "date": day, "tag": tag}
        for day, own in zip(days, sessions, strict=True)
        for tag in own.split() or [""]
    ]
    return pd.DataFrame(rows, columns=["session", "date", "tag"])
