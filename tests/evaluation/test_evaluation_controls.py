"""Controls take what they say they take, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.evaluation import controls
from neuronarrator_hf.evaluation.claims import score_claims
from neuronarrator_hf.evaluation.held_out import as_blocks
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor

RNG = np.random.default_rng(0)
TIME = np.arange(2000) / 200
EEG = (40 * np.sin(2 * np.pi * 10 * TIME) + RNG.standard_normal((4, 2, 19, 2000))).astype(np.float32)


def alpha_share(eeg):
    power = np.abs(np.fft.rfft(eeg)) ** 2
    return power[..., 95:106].sum() / power[..., 1:].sum()


@pytest.mark.parametrize("control", controls.CONTROLS, ids=lambda c: c.name)
def test_shape_and_type(control):
    changed = control.transform(EEG, np.random.default_rng(1))
    assert changed.shape == EEG.shape and changed.dtype == np.float32


def test_what_goes_and_what_stays():
    rng = np.random.default_rng(1)
    assert alpha_share(EEG) > 0.9
    for transform in (controls.white_noise, controls.pink_noise, controls.time_shuffled):
        changed = transform(EEG, rng)
        assert alpha_share(changed) < 0.2
        assert 0.5 < changed.std() / EEG.std() < 2
    permuted = controls.channels_permuted(EEG, rng)
    assert np.allclose(np.sort(permuted.std(-1)), np.sort(EEG.std(-1)), atol=1e-4)
    assert not np.array_equal(permuted, EEG)
    assert not controls.flat(EEG, rng).any()
    assert not (controls.other_patient(EEG, rng) == EEG).all(axis=(1, 2, 3)).any()


def test_flat_leaves_the_model_no_channel_to_read():
    """The row "no EEG" of the table: the feature extractor hands on nothing but masks."""
    block = as_blocks(controls.flat(EEG, RNG))[0]
    inputs = NeuroNarratorFeatureExtractor()(block)
    assert as_blocks(EEG)[0].channel_mask.all() and not block.channel_mask.any()
    assert not np.asarray(inputs["channel_mask"]).any() and not np.asarray(inputs["eeg_values"]).any()


def test_a_figure_that_does_not_collapse_is_invalid():
    truth = [[Claim("spikes", side="left")], [Claim("lpd", side="right")]] * 5
    real = score_claims(truth, truth, n_bootstrap=0)
    prior = score_claims([controls.most_frequent_claims(truth)] * 10, truth, n_bootstrap=0)
    noise = next(c for c in controls.CONTROLS if c.name == "white_noise")
    assert not controls.judge(noise, real, real, prior, prior)["valid"]
    assert controls.judge(noise, prior, real, prior, prior)["valid"]


def test_a_silent_model_passes_no_control():
    truth = [[Claim("spikes", side="left")], [Claim("lpd", side="right")]] * 5
    silent = score_claims([[]] * 10, truth, n_bootstrap=0)
    prior = score_claims([controls.most_frequent_claims(truth)] * 10, truth, n_bootstrap=0)
    for control in controls.CONTROLS:
        verdict = controls.judge(control, silent, silent, prior, prior)
        assert verdict["verdict"] == "inconclusive" and not verdict["valid"]


def test_priors():
    truth = [[Claim("normal")]] * 3 + [[Claim("abnormal"), Claim("spikes")]] * 2
    assert [c.finding for c in controls.most_frequent_claims(truth)] == ["normal"]
    best = controls.best_constant_claims(truth)
    assert [c.finding for c in best] in (["normal"], ["abnormal", "spikes"])


def test_chance_knows_the_findings_and_their_commonest_places():
    truth = [
        [Claim("spikes", side="left", regions=("temporal",))],
        [Claim("spikes", side="left", regions=("temporal",)), Claim("lpd", "absent")],
        [Claim("spikes", side="right", regions=("frontal",)), Claim("normal")],
    ]
    guessed = controls.modal_places(truth)
    assert [c.side for claims in guessed for c in claims if c.finding == "spikes"] == ["left"] * 3
    scores = score_claims(guessed, truth, n_bootstrap=0)
    assert scores["f1"] == 1.0
    assert scores["attributes"]["side"]["accuracy"] == pytest.approx(2 / 3)
    assert scores["attributes"]["regions"]["accuracy"] == pytest.approx(2 / 3)


def test_places_must_fall_toward_chance_not_below_it():
    sides = ["left", "right"] * 10
    truth = [[Claim("lpd", side=side, regions=("frontal",))] for side in sides]
    permuted = next(c for c in controls.CONTROLS if c.name == "channels_permuted")
    only_side = controls.Control("p", permuted.transform, ("attributes.side.accuracy",))
    real = score_claims(truth, truth, n_bootstrap=0)
    chance = score_claims(controls.modal_places(truth), truth, n_bootstrap=0)

    def verdict(n_wrong):
        said = [
            [Claim("lpd", side=sides[(i + 1) % 20] if i < n_wrong else side, regions=("frontal",))]
            for i, side in enumerate(sides)
        ]
        scores = score_claims(said, truth, n_bootstrap=0)
        return controls.judge(only_side, scores, real, chance, chance)["verdict"]

    assert verdict(10) == "collapsed"  # chance is 0.5, half of the way to it 0.75
    assert verdict(5) == "collapsed"
    assert verdict(4) == "held"


def test_a_share_of_few_values_may_be_chance():
    """Four of four right under a control may be luck; five of five is not."""
    one = controls.Control("p", controls.CONTROLS[0].transform, ("attributes.side.accuracy",))
    truth = [[Claim("lpd", side=side)] for side in ["left", "right"] * 10]
    real = score_claims(truth, truth, n_bootstrap=0)
    chance = score_claims(controls.modal_places(truth), truth, n_bootstrap=0)
    for n_said, expected in ((4, "collapsed"), (5, "held"), (20, "held")):  # 1 in 16, 1 in 32
        said = [claims if i < n_said else [] for i, claims in enumerate(truth)]
        scores = score_claims(said, truth, n_bootstrap=0)
        assert scores["attributes"]["side"]["accuracy"] == 1.0
        assert controls.judge(one, scores, real, chance, chance)["verdict"] == expected


def test_what_a_control_leaves_is_not_asked_to_vanish():
    truth = [[Claim("extreme_low_voltage")], [Claim("spikes")]] * 5
    said = [[Claim("extreme_low_voltage")], [Claim("lpd")]] * 5
    scores = score_claims(said, truth, n_bootstrap=0)
    shuffled = next(c for c in controls.CONTROLS if c.name == "time_shuffled")
    flat = next(c for c in controls.CONTROLS if c.name == "flat")
    assert controls.lookup(scores, "macro_f1", shuffled.survives) == 0.0
    assert controls.lookup(scores, "macro_f1", flat.survives) == pytest.approx(1 / 3)


def test_the_prior_is_the_truth_of_others():
    truth = [[[Claim("spikes")], [Claim("lpd")]], [[Claim("normal")], [Claim("gpd")]], [[], [Claim("grda")]]]
    others = controls.exchanged_claims(truth, 1)
    assert [[c.finding for c in window] for window in others] == [
        ["normal"],
        ["gpd"],
        [],
        ["grda"],
        ["spikes"],
        ["lpd"],
    ]
    flat = [window for recording in truth for window in recording]
    assert score_claims(others, flat, n_bootstrap=0)["f1"] == 0.0
    with pytest.raises(ValueError, match="shift 3 of 3"):
        controls.exchanged_claims(truth, 3)
