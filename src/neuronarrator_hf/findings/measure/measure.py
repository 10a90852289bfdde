"""Windows in, one measurement per window out: the measurers in the order in which they need each other."""

from __future__ import annotations

import numpy as np

from ...signal.interpolation import to_sites
from ...signal.quality import FLAT_UV
from ...signal.windows import EEGWindows
from .artifacts import judge_artifacts, judge_flat
from .block import SiteBlock
from .explain import (
    discount_electrode,
    discount_movement,
    explain_by_patterns,
    explain_by_sleep,
    explain_by_state,
    leave_posterior_rhythm,
)
from .eyes import share_of_eyes
from .ictal import judge_seizure
from .periodic import find_trains, judge_periodic
from .result import Judgement, WindowMeasurement, assemble
from .rhythm import judge_rhythms
from .rhythmic import judge_rhythmic_delta
from .sharp import find_transients
from .sleep import judge_sleep
from .slowing import band_powers, judge_asymmetry, judge_slowing
from .state import judge_states, judge_summary
from .topography import require_topography, spatial_order
from .transients import judge_transients
from .voltage import judge_voltage, measure_voltage

MIN_SAMPLES_S = 2.0
BATCH_WINDOWS = 32
"""Windows measured at once: larger batches leave the processor's cache."""
ADULT_YEARS = 16.0
INFANT_YEARS = 2.0
ADULT_NORMS = frozenset(
    {"generalized_theta_slowing", "generalized_delta_slowing", "low_voltage", "slow_wave_sleep"}
)
"""Findings whose bounds are those of adults; without them no recording is called normal."""
BEYOND_INFANCY = frozenset(
    {
        "posterior_dominant_rhythm", "eyes_open", "eyes_closed", "drowsy", "n1_sleep", "n2_sleep", "n3_sleep",
        "rem_sleep", "brief_attenuation", "discontinuity", "burst_suppression", "extreme_delta_brush",
    }
)  # fmt: skip
"""Findings that are part of healthy sleep or immaturity in the first two years, or look different."""


def measure_windows(windows: EEGWindows, *, age_years: float | None = None) -> list[WindowMeasurement]:
    """Measure every finding of the vocabulary in every window.

    Args:
        windows: Filtered windows of one recording in microvolts.
        age_years: Age of the person if known. Below 16 years findings that rest on adult norms are
            not assessed.

    Returns:
        One measurement per window, each with a claim for every finding.
    """
    site_uv, site_mask = to_sites(windows)
    flat = _flat_channels(windows)
    bounds = [_recorded(mask) for mask in windows.time_mask]
    results: list[WindowMeasurement | None] = [None] * len(windows)
    for first, stop in sorted(set(bounds)):
        same = [i for i, bound in enumerate(bounds) if bound == (first, stop)]
        for begin in range(0, len(same), BATCH_WINDOWS):
            index = np.array(same[begin : begin + BATCH_WINDOWS])
            start_s = windows.start_s[index].astype(float)
            measured = _measure_batch(
                site_uv[index, :, first:stop],
                site_mask[index],
                windows.sfreq,
                start_s,
                start_s + (stop - first) / windows.sfreq,
                [flat[i] for i in index],
                [windows.quality[i] for i in index] if windows.quality else [],
                age_years,
            )
            for i, measurement in zip(index, measured, strict=True):
                results[i] = measurement
    return [measurement for measurement in results if measurement is not None]


def _measure_batch(
    site_uv: np.ndarray,
    site_mask: np.ndarray,
    sfreq: float,
    start_s: np.ndarray,
    end_s: np.ndarray,
    flat: list[tuple[str, ...]],
    quality: list[dict],
    age_years: float | None,
) -> list[WindowMeasurement]:
    n_times = site_uv.shape[-1] // 2 * 2
    if n_times < MIN_SAMPLES_S * sfreq:
        return assemble([judge_flat(flat)], start_s, end_s, {})
    block = SiteBlock(site_uv[..., :n_times], site_mask, sfreq)
    values: dict[str, np.ndarray] = {"n_sites": block.site_mask.sum(axis=1).astype(float)}
    powers = band_powers(block)
    trains = find_trains(block)
    judgements = judge_voltage(measure_voltage(block))
    rhythms, rhythm_values = judge_rhythms(block, age_years)
    is_rhythm = (rhythms[0].margin > 0) & rhythms[0].assessed
    posterior_hz = np.where(is_rhythm, rhythm_values["posterior_peak_hz"], np.nan)
    judgements += rhythms
    artifacts, artifact_values = judge_artifacts(block, flat, quality)
    judgements += artifacts
    by_id = {judgement.finding: judgement for judgement in judgements}
    eyes = share_of_eyes(block, by_id["eye_blinks"], by_id["lateral_eye_movements"])
    is_low = (by_id["low_voltage"].margin > 0) & by_id["low_voltage"].assessed
    judgements += judge_slowing(block, powers, posterior_hz, eyes, is_low)
    judgements += judge_asymmetry(block, powers, by_id["discontinuity"].evidence["quiet_share"])
    periodic = judge_periodic(block, trains, np.fmax(rhythms[0].margin, rhythms[1].margin))
    train_margin = np.max([j.margin for j in periodic[0]], axis=0)
    for found, numbers in (
        periodic,
        judge_rhythmic_delta(block, trains),
        judge_seizure(block, trains, posterior_hz, artifact_values["muscle_uv"]),
        judge_transients(block, find_transients(block), train_margin, artifact_values["muscle_uv"]),
        judge_sleep(block, posterior_hz),
    ):
        judgements += found
        values.update(numbers)
    values.update(rhythm_values)
    values.update(artifact_values)
    for judgement in judgements:
        for name, number in judgement.evidence.items():
            values.setdefault(name, number)
    values["spatial_order"] = spatial_order(block)
    require_topography(judgements, values["spatial_order"])
    discount_electrode(judgements)
    discount_movement(judgements)
    explain_by_sleep(judgements)
    explain_by_patterns(judgements)
    leave_posterior_rhythm(judgements)
    judgements += judge_states(judgements)
    explain_by_state(judgements)
    _leave_to_norms(judgements, age_years)
    judgements += judge_summary(judgements, values["n_sites"])
    for judgement in judgements:
        values[f"margin_{judgement.finding}"] = np.where(judgement.assessed, judgement.margin, np.nan)
    return assemble(judgements, start_s, end_s, values)


def _leave_to_norms(judgements: list[Judgement], age_years: float | None) -> None:
    """Not assessed at this age: findings whose bounds are those of adults."""
    if age_years is None or age_years >= ADULT_YEARS:
        return
    left = ADULT_NORMS | (BEYOND_INFANCY if age_years < INFANT_YEARS else frozenset())
    for judgement in judgements:
        if judgement.finding in left:
            judgement.assessed = np.zeros_like(judgement.assessed)
            judgement.reason = f"no norms for {age_years:g} years: bounds are those of adults"


def _flat_channels(windows: EEGWindows) -> list[tuple[str, ...]]:
    """Names of the channels without signal; those masked for another reason are not called flat."""
    spread = np.where(windows.time_mask[:, None], windows.eeg_uv, np.nan)
    with np.errstate(invalid="ignore"):
        spread = np.nanstd(spread, axis=-1) if not windows.time_mask.all() else windows.eeg_uv.std(axis=-1)
    flat = []
    for w in range(len(windows)):
        note = windows.quality[w] if windows.quality else {}
        named = {name for name, reasons in note.items() if "flat" in reasons}
        silent = {
            name
            for c, name in enumerate(windows.ch_names)
            if windows.channel_mask[w, c] and spread[w, c] < FLAT_UV
        }
        if not windows.channel_mask[w].any() and not note:
            silent |= {name for c, name in enumerate(windows.ch_names) if spread[w, c] < FLAT_UV}
        flat.append(tuple(sorted(named | silent)))
    return flat


def _recorded(mask: np.ndarray) -> tuple[int, int]:
    """First and last recorded sample of a window."""
    where = np.flatnonzero(mask)
    return (int(where[0]), int(where[-1]) + 1) if len(where) else (0, 0)
