"""Pages are asked for words, parts and what opens: their pictures are drawn, and not made into files."""

from __future__ import annotations

import base64

import pytest

from therapy_review.charts.base import Chart

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
)


@pytest.fixture(autouse=True)
def a_dot_for_every_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def png(chart: Chart) -> bytes:
        chart.draw_without_rendering()
        return DOT

    monkeypatch.setattr(Chart, "png", png)
