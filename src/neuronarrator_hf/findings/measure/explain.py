"""What explains what: findings that are part of another one, or of an artifact, give way to it."""

from __future__ import annotations

import numpy as np

from .result import Judgement

EXTREME_UV = 600.0
LIGHT_SLOWING = 2.5
"""Margin up to which slowing may be that of drowsiness or dream sleep."""
NEVER_SUPPRESSED = 0.1
OFTEN_SUPPRESSED = 0.25
BETWEEN_UV = 12.0
"""Quietest half seconds between periodic discharges from which on their background is an ordinary one."""
NEARLY_PERIODIC = -0.3
ONE_FIELD = 0.63
"""Share of the power of 0.5-4 Hz in one field: slow waves of sleep 0.7-0.9, polymorphic delta 0.4-0.7."""
ONE_GENERATOR = 0.75
"""Share of the power of 1.5-20 Hz in one field from which that is the rhythm of one generator, a focus or a
seizure: theta of the whole head differs from place to place and has 0.4-0.7."""
FOCAL_FIELD = 0.6
"""Share of the power of slow activity in one field up to which a focus loses margin: it is one generator.
Slowing of the whole head has 0.35-0.6, a focus 0.65-0.9."""
CLEAR_FOCUS = 1.5
"""Margin from which a focus stands out of generalized slowing, whose waves differ from place to place."""
CLEAR_SPIKE = 1.2
"""Margin from which a spike is one wherever it is."""
CLEAR_OVER_RHYTHM = 1.5
"""Margin from which theta beside rhythmic delta of both sides is more than its harmonics."""
CLEAR_THETA, CLEAR_ASYMMETRY = 1.0, 2.5
"""Theta whose tail is what differs between the sides in alpha and beta, where they do not differ clearly."""
MONOMORPHIC = 1.65
"""Steadiness of a run of delta that no sleep has."""
STEADY_BESIDE_ALPHA = 1.15
SPACED, UNSPACED = 0.25, 1.0
"""Margin by which the interval between waves, or its lack, is clear: blunt discharges are like waves."""
SEQUENCES = {"lrda": (0.6, 0.35, 1.4), "grda": (0.55, np.inf, 1.15)}
"""Correlation of the events from which, irregularity of their intervals and steadiness up to which waves are
discharges whose slow waves follow each other, even where they are too blunt to be told as such."""
YIELDING = 5.0
"""Steepness beyond that: nothing falls at once, so that what is close stays uncertain."""
SPIKE_WAVE_HZ = 2.5
"""Rate above which waves with a spike each are spike-and-wave, not rhythmic delta with spikes (ACNS 2021:
rhythmic and periodic patterns end at 2.5 Hz where discharges are sharp)."""
SUSPECT_ELECTRODE = -0.7
EXPLAINED = -0.5
"""Margin at which a finding is left that another one explains."""
ALPHA_HZ = 8.0
FIRM_EXCESS = 1.2
"""log10 of the peak over the aperiodic background, a factor of 16: discharges reach it below 8 Hz only."""
_OCCUPYING = ("lpd", "gpd", "bipd", "electrographic_seizure")
_NOT_ASLEEP = ("lpd", "gpd", "bipd", "electrographic_seizure", "extreme_delta_brush", "burst_suppression")


def margin_of(by_id: dict[str, Judgement], finding: str) -> np.ndarray:
    """Margin of a finding, far below its bound where it was not assessed."""
    judgement = by_id[finding]
    return np.where(judgement.assessed, np.nan_to_num(judgement.margin, nan=-8.0), -8.0)


def _give_way(own: Judgement, explained: np.ndarray) -> None:
    """Keep a finding below its bound in the windows in which something else explains it."""
    own.margin = np.where(explained, np.minimum(own.margin, EXPLAINED), own.margin)


def _yield_to(own: Judgement, other: np.ndarray) -> None:
    """Lower a finding, the more the worse it fits than another reading of the same waves."""
    worse = np.maximum(other - own.margin, 0.0)
    own.margin = np.minimum(own.margin, np.maximum(own.margin - YIELDING * worse, EXPLAINED))


def discount_electrode(judgements: list[Judgement]) -> None:
    """A focus on the side of a bad electrode is that electrode, which two derivations share."""
    by_id = {j.finding: j for j in judgements}
    electrode, focal = by_id["electrode_artifact"], by_id["focal_slowing"]
    if electrode.side is None or focal.side is None:
        return
    same = np.array([side == other for side, other in zip(electrode.side, focal.side, strict=True)])
    _give_way(focal, same & (margin_of(by_id, "electrode_artifact") > SUSPECT_ELECTRODE))


def explain_by_patterns(judgements: list[Judgement]) -> None:
    """What a train, a rhythm, a seizure, a burst or the heart makes is not said again as something else."""
    by_id = {j.finding: j for j in judgements}
    m = lambda finding: margin_of(by_id, finding)  # noqa: E731
    brush, movement = m("extreme_delta_brush"), m("movement_artifact")
    # Beside a posterior rhythm, slow waves of one side are a focus unless they are as steady as a rhythm.
    unsteady = 4.0 * (STEADY_BESIDE_ALPHA - np.nan_to_num(by_id["lrda"].evidence["delta_steadiness"]))
    unsteady = np.where(m("posterior_dominant_rhythm") > 0, unsteady, -8.0)
    _give_way(by_id["lrda"], unsteady > 0)
    # The same waves are discharges with an interval, or a rhythm without one: what fits clearly better.
    rhythmic = np.maximum(m("lrda"), m("grda"))
    discharges = np.max([m("lpd"), m("gpd"), m("bipd")], axis=0)
    for finding in ("lrda", "grda"):
        _yield_to(by_id[finding], discharges - SPACED)
    for finding in ("lpd", "gpd"):
        _yield_to(by_id[finding], rhythmic - UNSPACED)
    for finding, bounds in SEQUENCES.items():
        discharging = np.maximum(-_sequence_margin(by_id, *bounds), EXPLAINED)
        by_id[finding].margin = np.minimum(by_id[finding].margin, discharging)
    delta_hz = by_id["grda"].evidence["delta_rhythm_hz"]
    fast_complexes = np.where(delta_hz > SPIKE_WAVE_HZ, m("spike_and_wave"), -8.0)
    heart = np.where(m("spike_and_wave") > 0, -8.0, m("ecg_artifact"))
    suppression = np.maximum(m("burst_suppression"), m("extreme_low_voltage"))
    ictal = m("electrographic_seizure") - 0.5
    # Sharp waves inside bursts, brushes and seizures are part of these.
    whole = np.max([m("burst_suppression"), brush, ictal], axis=0)
    periodic = np.max([m("lpd"), m("gpd"), m("bipd")], axis=0)
    train = np.maximum(whole, periodic)
    # Discharges slower than those of a seizure that fit better are periodic.
    slower = np.where(periodic > m("electrographic_seizure"), periodic, -8.0)
    # Where the background is suppressed, or a seizure covers it, there is none that could be slow; the
    # pauses between complexes and runs of a rhythm, and after a movement, are no attenuations of it.
    covered = np.maximum(suppression, ictal)
    complexes = np.where(train > 0, -8.0, m("spike_and_wave"))
    share = np.nan_to_num(by_id["discontinuity"].evidence["suppressed_share"])
    waves = np.maximum(m("lrda"), m("grda"))
    pauses = np.where(share < OFTEN_SUPPRESSED, np.max([movement, ictal, complexes, waves], axis=0), ictal)
    # Where a rhythm of wakefulness comes and goes over an ordinary background, nothing else fell.
    rhythm = np.maximum(m("posterior_dominant_rhythm"), m("mu_rhythm"))
    reactive = np.where(share < NEVER_SUPPRESSED, rhythm, -8.0)
    # Between discharges lies the background; it is attenuated where it is low by itself.
    quiet_uv = np.nan_to_num(by_id["discontinuity"].evidence["quiet_uv"], nan=BETWEEN_UV)
    between = np.where(
        periodic > NEARLY_PERIODIC, 4.0 * np.log2(np.maximum(quiet_uv, 1e-3) / BETWEEN_UV), -8.0
    )
    own_field = np.nan_to_num(by_id["grda"].evidence["delta_field_share"], nan=FOCAL_FIELD)
    by_id["focal_slowing"].margin = by_id["focal_slowing"].margin + 6.0 * np.minimum(
        own_field - FOCAL_FIELD, 0.0
    )
    field_share = np.nan_to_num(by_id["electrographic_seizure"].evidence["ictal_field_share"])
    one_generator = 10.0 * (field_share - ONE_GENERATOR)
    # A slowed posterior rhythm has one generator too.
    slowed = by_id["posterior_dominant_rhythm"].evidence["posterior_peak_hz"] < ALPHA_HZ
    one_generator = np.where((m("posterior_dominant_rhythm") > 0) & slowed, -8.0, one_generator)
    # Theta of one generator may be a focus, and is what it is where nothing else tells it.
    of_head = np.where(one_generator > 0, -8.0, m("generalized_theta_slowing"))
    diffuse = np.maximum(m("generalized_delta_slowing"), of_head)
    focus = np.where(m("focal_slowing") < CLEAR_FOCUS, diffuse, -8.0)
    theta = np.where(m("asymmetry") < CLEAR_ASYMMETRY, m("generalized_theta_slowing") - CLEAR_THETA, -8.0)
    # Quiet stretches that something else explains have no edges.
    explained = np.max([pauses, reactive, between], axis=0)
    edges = np.where(explained > 0, -8.0, np.maximum(m("brief_attenuation"), m("discontinuity")))
    blunt_edges = np.where(m("spikes") < CLEAR_SPIKE, edges, -8.0)
    harmonics = np.where(m("generalized_theta_slowing") < CLEAR_OVER_RHYTHM, m("grda"), -8.0)
    told = np.max([m(f) for f in ("electrographic_seizure", "focal_slowing", "spike_and_wave")], axis=0)
    spikes = by_id["spikes"]
    single = np.minimum(spikes.margin, spikes.evidence["spike_margin"])
    spikes.margin = np.where(m("mu_rhythm") > 0, single, spikes.margin)
    for findings, reason in (
        # What is sharp at the edges of quiet stretches stands out of these alone.
        (("spikes",), np.max([whole, heart, blunt_edges], axis=0)),
        # The arches of mu follow each other like the spikes of a group.
        (("polyspikes",), np.max([train, heart, m("mu_rhythm"), edges], axis=0)),
        (
            ("k_complexes", "vertex_waves"),
            np.max(
                [
                    train,
                    rhythmic,
                    *(m(f) for f in ("spike_and_wave", "polyspikes", "discontinuity", "brief_attenuation")),
                ],
                axis=0,
            ),
        ),
        (("muscle_artifact",), brush),
        (("mu_rhythm",), np.maximum(ictal + 0.5, periodic)),
        # A run of spike-and-wave may be a seizure: it stays what it is.
        (("spike_and_wave",), np.max([m("burst_suppression"), brush + 0.5, periodic], axis=0)),
        (("ecg_artifact",), np.maximum(ictal + 0.5, m("spike_and_wave"))),
        (
            ("movement_artifact",),
            np.max([train, *(m(f) for f in ("spike_and_wave", "polyspikes", "k_complexes"))], axis=0),
        ),
        (("gpd",), brush),
        (("asymmetry",), np.maximum(m("electrographic_seizure"), theta)),
        (("electrographic_seizure",), np.maximum(brush, slower)),
        (("grda",), np.max([brush + 0.5, movement, ictal, fast_complexes], axis=0)),
        # Fast activity of a brush or a seizure is part of it.
        (("beta_activity",), np.maximum(brush, ictal)),
        (("lrda",), np.maximum(movement, ictal)),
        (("lateral_eye_movements",), m("lrda")),
        (
            ("focal_slowing",),
            np.max([periodic, waves, focus, m("electrographic_seizure"), movement], axis=0),
        ),
        (("generalized_theta_slowing", "generalized_delta_slowing"), np.maximum(covered, movement)),
        (("generalized_theta_slowing",), np.maximum(harmonics, np.minimum(one_generator, told))),
        (("brief_attenuation", "discontinuity"), explained),
    ):
        for finding in findings:
            _give_way(by_id[finding], reason > 0)


def _sequence_margin(
    by_id: dict[str, Judgement], alike: float, irregularity: float, steadiness: float
) -> np.ndarray:
    """How well waves fit a sequence of events that are alike at even intervals, not one steady rhythm."""
    events = by_id["gpd"].evidence
    return np.min(
        [
            8.0 * (np.nan_to_num(events["discharge_similarity"]) - alike),
            6.0 * (irregularity - np.nan_to_num(events["interval_irregularity"], nan=1.0)),
            5.0 * (steadiness - np.nan_to_num(by_id["lrda"].evidence["delta_steadiness"])),
        ],
        axis=0,
    )


def discount_movement(judgements: list[Judgement]) -> None:
    """Under deflections beyond those of any brain no pattern is told."""
    by_id = {j.finding: j for j in judgements}
    extreme = np.nan_to_num(by_id["movement_artifact"].evidence["movement_uv"]) > EXTREME_UV
    for finding in ("lpd", "gpd", "bipd", "lrda", "grda", "electrographic_seizure", "extreme_delta_brush"):
        own = by_id[finding]
        own.assessed = own.assessed & ~extreme
        own.reason = f"{own.reason}, or movement above {EXTREME_UV:g} uV"


def leave_posterior_rhythm(judgements: list[Judgement]) -> None:
    """Not assessed: a posterior rhythm that may be a harmonic of discharges or the rhythm of a seizure.

    Beside them only a firm peak in the alpha band is a rhythm of its own.
    """
    by_id = {j.finding: j for j in judgements}
    own = by_id["posterior_dominant_rhythm"]
    pattern = np.max([margin_of(by_id, finding) for finding in _OCCUPYING], axis=0)
    numbers = own.evidence
    separable = (numbers["posterior_peak_hz"] >= ALPHA_HZ) & (
        numbers["posterior_peak_excess_log10"] > FIRM_EXCESS
    )
    own.assessed = own.assessed & ~((pattern > 0) & ~separable)
    own.reason = f"{own.reason}; or a periodic or ictal pattern has the same frequencies"


def explain_by_sleep(judgements: list[Judgement]) -> None:
    """Slow waves of sleep told from encephalopathy, and slowing that sleep explains taken back.

    With spindles slow waves are those of sleep. Without, only large, continuous, frontally graded,
    irregular waves are, and only where nothing periodic or ictal is seen; a K-complex among them cannot be
    told from the next. Beside a firm posterior rhythm nobody sleeps, and spindles are no seizure.
    """
    by_id = {j.finding: j for j in judgements}
    for finding in ("k_complexes", "vertex_waves"):
        own = by_id[finding]
        own.margin = np.minimum(own.margin, 2.0 - margin_of(by_id, "posterior_dominant_rhythm"))
    seizure = by_id["electrographic_seizure"]
    spindles = margin_of(by_id, "sleep_spindles")
    _give_way(seizure, (spindles > 0) & (np.abs(seizure.evidence["ictal_rhythm_hz"] - 13.0) < 3.0))
    waves = by_id["slow_wave_sleep"]
    numbers = waves.evidence
    pattern = np.max([margin_of(by_id, finding) for finding in _NOT_ASLEEP], axis=0)
    contrast = np.nan_to_num(by_id["gpd"].evidence["discharge_contrast"], nan=2.0)
    # A slow wave of sleep is one field over the whole head; polymorphic delta is another wave in every place.
    one_field = 12.0 * (by_id["grda"].evidence["delta_field_share"] - ONE_FIELD)
    alone = np.min(
        [
            waves.margin,
            one_field,
            (numbers["slow_wave_share"] - 0.85) / 0.1,
            4.0 * np.log2(np.maximum(numbers["slow_wave_uv"], 1e-3) / 120.0),
            8.0 * (numbers["slow_wave_gradient_log2"] - 0.15),
            8.0 * (0.85 - numbers["slow_wave_gradient_log2"]),
            10.0 * (0.45 - by_id["grda"].evidence["delta_regularity"]),
            5.0 * (MONOMORPHIC - by_id["grda"].evidence["delta_steadiness"]),
            4.0 * np.log2(2.4 / contrast),
            -pattern,
        ],
        axis=0,
    )
    waves.margin = np.where(spindles > 0, waves.margin, alone)
    complexes = by_id["k_complexes"]
    complexes.margin = np.minimum(complexes.margin, np.where(alone > 0, -alone, np.inf))
    sleep = np.maximum(spindles, np.minimum(margin_of(by_id, "k_complexes"), 0.5))
    rhythmic = by_id["grda"]
    rhythmic.margin = np.where(waves.margin > 0, np.minimum(rhythmic.margin, -waves.margin), rhythmic.margin)
    asleep = np.maximum(sleep, waves.margin)
    for finding in ("generalized_theta_slowing", "generalized_delta_slowing"):
        own = by_id[finding]
        own.margin = np.where(asleep > 0, np.minimum(own.margin, -asleep), own.margin)


def explain_by_state(judgements: list[Judgement]) -> None:
    """Low theta and delta belong to drowsiness and to dream sleep."""
    by_id = {j.finding: j for j in judgements}
    states = ("drowsy", "n1_sleep", "rem_sleep")
    light = np.max([margin_of(by_id, state) for state in states], axis=0) > 0
    for finding in ("generalized_theta_slowing", "generalized_delta_slowing"):
        own = by_id[finding]
        _give_way(own, light & (own.margin < LIGHT_SLOWING))
