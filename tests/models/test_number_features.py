from __future__ import annotations

import torch

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.models.finding_targets import FREQUENCY_BINS_HZ, encode_claims, stack_targets
from neuronarrator_hf.models.number_features import NUM_NUMBER_FEATURES, number_features, top_mode_value

ROW = FINDING_IDS.index("posterior_dominant_rhythm")


def _concepts(*hz: float) -> dict[str, torch.Tensor]:
    claims = [[Claim("posterior_dominant_rhythm", frequency_hz=(f, f), amplitude_uv=(30, 30))] for f in hz]
    return stack_targets([encode_claims(c) for c in claims])


def test_value_is_read_back_from_the_bins() -> None:
    frequencies = torch.linspace(0.5, 30, 60).tolist()
    values = top_mode_value(_concepts(*frequencies)["frequency"][:, ROW], FREQUENCY_BINS_HZ)[:, 0]
    assert torch.allclose(values, torch.tensor(frequencies), rtol=1e-3)


def test_half_a_hertz_is_far_apart_and_the_features_are_bounded() -> None:
    features = number_features(_concepts(9.5, 10.0))[:, ROW]
    assert features.shape[-1] == NUM_NUMBER_FEATURES
    assert (features[0] - features[1]).norm() > 1
    assert features.abs().max() < 5


def test_nothing_where_no_number_is_worded() -> None:
    features = number_features(_concepts(9.5))
    assert features[0, FINDING_IDS.index("eye_blinks")].abs().max() == 0


def test_a_second_mode_far_away_does_not_move_the_value() -> None:
    shares = _concepts(10.0)["frequency"][:, ROW] * 0.7
    shares += _concepts(2.0)["frequency"][:, ROW] * 0.3
    assert abs(top_mode_value(shares, FREQUENCY_BINS_HZ).item() - 10.0) < 0.05
