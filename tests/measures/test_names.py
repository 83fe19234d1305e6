"""Every measure has a plain name that stands alone."""

from __future__ import annotations

import pytest

from therapy_review.measures.names import MOOD_NAMES, name_of
from therapy_review.measures.pitch_loudness import VOICE_MEASURES
from therapy_review.measures.talk import MEASURES, OF_ONE


@pytest.mark.parametrize("measure", [*MEASURES, *VOICE_MEASURES, *MOOD_NAMES])
def test_every_measure_has_a_plain_name(measure: str):
    own = measure in OF_ONE or measure in VOICE_MEASURES
    assert "_" not in name_of(measure, "client")
    assert ("your " in name_of(measure, "client")) == own
    assert ("your therapist's " in name_of(measure, "therapist")) == own
    assert "those" not in name_of(measure, "client")  # each stands alone


def test_a_questionnaire_is_called_as_the_client_calls_it():
    assert name_of("phq9") == "PHQ-9"
    assert name_of("How I sleep") == "How I sleep"
