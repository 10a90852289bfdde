"""State and summary: rules over what the other measurers found."""

from __future__ import annotations

import numpy as np

from ..vocabulary import ABNORMAL_IDS
from .explain import margin_of
from .result import Judgement
from .slowing import LIGHT_DELTA

MIN_BACKGROUND = ("generalized_delta_slowing", "low_voltage")
_PATHOLOGY = (
    "gpd",
    "lpd",
    "burst_suppression",
    "extreme_low_voltage",
    "electrographic_seizure",
    "low_voltage",
)
MOVED = 2.2
"""Margin of movement from which too little of the background is left to be called normal."""
ROLLING = 0.7
"""log2 of the swing of the eyes below 4 Hz over that of 0.5-4 Hz: slow rolling of drowsiness reaches 1.8,
saccades 0.3."""
_WHERE = "rules over the findings of the window"
_REASON = "needs a background without pathological slowing to be told from sleep"


def judge_states(judgements: list[Judgement]) -> list[Judgement]:
    """Eyes open or closed, drowsiness, and stages of sleep."""
    by_id = {j.finding: j for j in judgements}
    m = lambda finding: margin_of(by_id, finding)  # noqa: E731
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
    slowly = 3.0 * (by_id["lateral_eye_movements"].evidence["rolling_log2"] - ROLLING)
    rolling = np.minimum(lateral - 0.2, slowly)
    drowsy = np.minimum(quiet, np.maximum(rolling, np.min([-rhythm, 2 - delta, vertex - 0.5], axis=0)))
    rem = np.min(
        [-rhythm, lateral + 0.2, -slowly, -m("muscle_artifact") - 0.7, 2.5 - theta, 1.5 - delta, quiet],
        axis=0,
    )
    sick = (pathology > 0) | (delta > LIGHT_DELTA)
    asleep_known = enough & ~(sick & (np.maximum(sleeping, slow) <= 0))
    awake = awake_known & ~sick
    drowsy = np.min([drowsy, -rem, -n1], axis=0)
    closed = np.minimum(closed, -drowsy)
    rows = (
        ("eyes_open", opened, awake, "blinks, posterior rhythm attenuated"),
        ("eyes_closed", closed, awake, "posterior rhythm, no blinks"),
        (
            "drowsy",
            drowsy,
            asleep_known,
            "slowly rolling eyes without blinks, or vertex waves without a posterior rhythm",
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
    margins = np.stack([margin_of(by_id, finding) for finding in sorted(ABNORMAL_IDS)])
    worst = margins.max(axis=0)
    assessed = np.all([by_id[f].assessed for f in MIN_BACKGROUND], axis=0)
    movement = margin_of(by_id, "movement_artifact")
    can_be_normal = assessed & (n_sites >= 12) & (movement < MOVED)
    reason = "the background cannot be assessed"
    return [
        Judgement(
            "normal", -worst, can_be_normal, reason, "nothing abnormal among what was assessed", _WHERE
        ),
        Judgement("abnormal", worst, assessed | (worst > 0), reason, "any abnormal finding", _WHERE),
    ]
