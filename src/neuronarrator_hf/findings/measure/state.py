"""State and summary: rules over what the other measurers found."""

from __future__ import annotations

import numpy as np

from ..vocabulary import ABNORMAL_IDS
from .result import Judgement

MIN_BACKGROUND = ("generalized_delta_slowing", "low_voltage")
EXTREME_UV = 600.0
_PATHOLOGY = (
    "gpd",
    "lpd",
    "burst_suppression",
    "extreme_low_voltage",
    "electrographic_seizure",
    "low_voltage",
)
_NOT_ASLEEP = ("lpd", "gpd", "bipd", "electrographic_seizure", "extreme_delta_brush", "burst_suppression")
_WHERE = "rules over the findings of the window"
_REASON = "needs a background without pathological slowing to be told from sleep"


def _margin(by_id: dict[str, Judgement], finding: str) -> np.ndarray:
    judgement = by_id[finding]
    return np.where(judgement.assessed, np.nan_to_num(judgement.margin, nan=-8.0), -8.0)


def discount_electrode(judgements: list[Judgement]) -> None:
    """A focus in the region of a bad electrode is that electrode."""
    by_id = {j.finding: j for j in judgements}
    electrode, focal = by_id["electrode_artifact"], by_id["focal_slowing"]
    if electrode.side is None or electrode.regions is None or focal.side is None or focal.regions is None:
        return
    same = [
        side == focal_side and bool(set(regions) & set(focal_regions))
        for side, regions, focal_side, focal_regions in zip(
            electrode.side, electrode.regions, focal.side, focal.regions, strict=True
        )
    ]
    bad = np.array(same) & (_margin(by_id, "electrode_artifact") > -0.5)
    focal.margin = np.where(bad, np.minimum(focal.margin, -0.5), focal.margin)


def explain_by_discharges(judgements: list[Judgement]) -> None:
    """What a train, a rhythm, a seizure or a run of complexes makes is not said again as something else.

    Sharp waves inside bursts, brushes and seizures are part of these, as is the delta of brushes;
    periodic discharges are neither complexes nor waves of sleep;
    the slow waves of a lateralized pattern are no polymorphic focus; the pauses between complexes or
    after a movement are no attenuations of the background.
    """
    by_id = {j.finding: j for j in judgements}
    ictal = _margin(by_id, "electrographic_seizure") - 0.5
    whole = np.max(
        [
            _margin(by_id, "burst_suppression"),
            _margin(by_id, "extreme_delta_brush"),
            ictal,
        ],
        axis=0,
    )
    train = np.max([whole, *(_margin(by_id, f) for f in ("lpd", "gpd", "bipd"))], axis=0)
    brush = _margin(by_id, "extreme_delta_brush")
    for finding, reason in (
        ("spikes", whole),
        ("polyspikes", whole),
        ("spike_and_wave", train),
        ("grda", brush),
        ("gpd", brush),
        ("k_complexes", train),
        ("vertex_waves", train),
        ("lateral_eye_movements", _margin(by_id, "lrda")),
        ("movement_artifact", np.maximum(train, _margin(by_id, "spike_and_wave"))),
    ):
        own = by_id[finding]
        own.margin = np.where(reason > 0, np.minimum(own.margin, -0.3), own.margin)
    pattern = np.max([_margin(by_id, f) for f in ("lpd", "lrda", "electrographic_seizure")], axis=0)
    focal = by_id["focal_slowing"]
    focal.margin = np.where(pattern > 0, np.minimum(focal.margin, -pattern), focal.margin)
    # Where the background is suppressed, or an ictal pattern covers it, there is none that could be slow.
    covered = np.max(
        [_margin(by_id, "burst_suppression"), _margin(by_id, "extreme_low_voltage"), ictal], axis=0
    )
    for finding in ("generalized_theta_slowing", "generalized_delta_slowing"):
        own = by_id[finding]
        own.margin = np.where(covered > 0, np.minimum(own.margin, -0.3), own.margin)
    movement = _margin(by_id, "movement_artifact")
    for finding in ("lrda", "grda"):
        own = by_id[finding]
        disturbed = np.maximum(movement, ictal)
        own.margin = np.where(disturbed > 0, np.minimum(own.margin, -0.3), own.margin)
    pauses = np.max([movement, ictal, _margin(by_id, "spike_and_wave")], axis=0)
    for finding in ("brief_attenuation", "discontinuity"):
        own = by_id[finding]
        own.margin = np.where(pauses > 0, np.minimum(own.margin, -pauses), own.margin)


def discount_movement(judgements: list[Judgement]) -> None:
    """Under deflections beyond those of any brain no pattern is told."""
    by_id = {j.finding: j for j in judgements}
    extreme = np.nan_to_num(by_id["movement_artifact"].evidence["movement_uv"]) > EXTREME_UV
    for finding in ("lpd", "gpd", "bipd", "lrda", "grda", "electrographic_seizure", "extreme_delta_brush"):
        own = by_id[finding]
        own.assessed = own.assessed & ~extreme
        own.reason = f"{own.reason}, or movement above {EXTREME_UV:g} uV"


def explain_by_sleep(judgements: list[Judgement]) -> None:
    """Slow waves of sleep told from encephalopathy, and slowing that sleep explains taken back.

    With spindles or K-complexes slow waves are those of sleep. Without, only large, continuous,
    frontally graded, irregular waves are, and only where nothing periodic or ictal is seen. Beside a firm
    posterior rhythm nobody sleeps, and spindles are no seizure.
    """
    by_id = {j.finding: j for j in judgements}
    for finding in ("k_complexes", "vertex_waves"):
        own = by_id[finding]
        own.margin = np.minimum(own.margin, 2.0 - _margin(by_id, "posterior_dominant_rhythm"))
    seizure = by_id["electrographic_seizure"]
    spindles = _margin(by_id, "sleep_spindles")
    is_spindle = (spindles > 0) & (np.abs(seizure.evidence["ictal_rhythm_hz"] - 13.0) < 3.0)
    seizure.margin = np.where(is_spindle, np.minimum(seizure.margin, -0.3), seizure.margin)
    sleep = np.maximum(spindles, np.minimum(_margin(by_id, "k_complexes"), 0.5))
    waves = by_id["slow_wave_sleep"]
    numbers = waves.evidence
    pattern = np.max([_margin(by_id, finding) for finding in _NOT_ASLEEP], axis=0)
    contrast = np.nan_to_num(by_id["gpd"].evidence["discharge_contrast"], nan=2.0)
    alone = np.min(
        [
            waves.margin,
            (numbers["slow_wave_share"] - 0.85) / 0.1,
            4.0 * np.log2(np.maximum(numbers["slow_wave_uv"], 1e-3) / 120.0),
            8.0 * (numbers["slow_wave_gradient_log2"] - 0.25),
            8.0 * (0.85 - numbers["slow_wave_gradient_log2"]),
            10.0 * (0.45 - by_id["grda"].evidence["delta_regularity"]),
            4.0 * np.log2(2.4 / contrast),
            -pattern - 0.3,
        ],
        axis=0,
    )
    waves.margin = np.where(sleep > 0, waves.margin, alone)
    rhythmic = by_id["grda"]
    rhythmic.margin = np.where(waves.margin > 0, np.minimum(rhythmic.margin, -waves.margin), rhythmic.margin)
    asleep = np.maximum(sleep, waves.margin)
    for finding in ("generalized_theta_slowing", "generalized_delta_slowing"):
        own = by_id[finding]
        own.margin = np.where(asleep > 0, np.minimum(own.margin, -asleep), own.margin)


def judge_states(judgements: list[Judgement]) -> list[Judgement]:
    """Eyes open or closed, drowsiness, and stages of sleep."""
    by_id = {j.finding: j for j in judgements}
    m = lambda finding: _margin(by_id, finding)  # noqa: E731
    rhythm, blinks = m("posterior_dominant_rhythm"), m("eye_blinks")
    theta, delta = m("generalized_theta_slowing"), m("generalized_delta_slowing")
    spindles, complexes, vertex = m("sleep_spindles"), m("k_complexes"), m("vertex_waves")
    slow, lateral = m("slow_wave_sleep"), m("lateral_eye_movements")
    pathology = np.max([m(f) for f in _PATHOLOGY], axis=0)
    enough = by_id["posterior_dominant_rhythm"].assessed
    awake_known = by_id["posterior_dominant_rhythm"].assessed & by_id["eye_blinks"].assessed
    sleeping = np.maximum(spindles, np.minimum(complexes, 1.0))
    closed = np.minimum(np.minimum(rhythm, -blinks), -spindles)
    opened = np.minimum(np.minimum(blinks, 2.0 - rhythm), -sleeping)
    n3 = slow
    n2 = np.minimum(sleeping, -n3)
    quiet = np.minimum(-sleeping, -blinks)
    n1 = np.min([-rhythm, 2 - delta, quiet, vertex], axis=0)
    rolling = np.min([lateral - 0.2, theta + 1.0, 1.5 + rhythm], axis=0)
    drowsy = np.minimum(quiet, np.maximum(rolling, np.min([-rhythm, 2 - delta, vertex - 0.5], axis=0)))
    rem = np.min(
        [-rhythm, lateral + 0.2, -m("muscle_artifact") - 1.0, 2.5 - theta, 1.5 - delta, quiet], axis=0
    )
    sick = (pathology > 0) | (delta > 1.0)
    asleep_known = enough & ~(sick & (np.maximum(sleeping, slow) <= 0))
    awake = awake_known & ~sick
    drowsy = np.minimum(drowsy, -rem)
    closed = np.minimum(closed, -drowsy)
    # Low theta belongs to dream sleep and drowsiness.
    light = np.where(asleep_known, np.maximum(rem, drowsy), -8.0)
    for finding in ("generalized_theta_slowing", "generalized_delta_slowing"):
        own = by_id[finding]
        own.margin = np.where((light > 0) & (own.margin < 2.5), np.minimum(own.margin, -0.3), own.margin)
    rows = (
        ("eyes_open", opened, awake, "blinks, posterior rhythm attenuated"),
        ("eyes_closed", closed, awake, "posterior rhythm, no blinks"),
        (
            "drowsy",
            drowsy,
            asleep_known,
            "slow eye movements with theta beside the posterior rhythm, or vertex waves without it",
        ),
        ("n1_sleep", n1, asleep_known, "no posterior rhythm, vertex waves, no spindles"),
        ("n2_sleep", n2, asleep_known, "spindles or K-complexes, slow waves below 20 %"),
        ("n3_sleep", n3, asleep_known, "slow waves above 75 uV in at least 20 %"),
        ("rem_sleep", rem, asleep_known, "no posterior rhythm, eye movements without blinks, little muscle"),
    )
    return [
        Judgement(finding, margin, assessed, reason=_REASON, bound=bound, where=_WHERE)
        for finding, margin, assessed, bound in rows
    ]


def judge_summary(judgements: list[Judgement], n_sites: np.ndarray) -> list[Judgement]:
    """Abnormal if any abnormal finding; normal only where the background could be assessed."""
    by_id = {j.finding: j for j in judgements}
    margins = np.stack([_margin(by_id, finding) for finding in sorted(ABNORMAL_IDS)])
    worst = margins.max(axis=0)
    assessed = np.all([by_id[f].assessed for f in MIN_BACKGROUND], axis=0)
    electrode = _margin(by_id, "movement_artifact")
    can_be_normal = assessed & (n_sites >= 12) & (electrode < 1.0)
    reason = "the background cannot be assessed"
    return [
        Judgement(
            "normal", -worst, can_be_normal, reason, "nothing abnormal among what was assessed", _WHERE
        ),
        Judgement("abnormal", worst, assessed | (worst > 0), reason, "any abnormal finding", _WHERE),
    ]
