"""How clearly a simulated window shows what its script plants: not at all, somewhere between, or clearly.

A script tells a finding from the bound at which a reader begins to see it. At that bound a reader and a
measurer may differ, and just below it the finding is there without being told. A finding is planted clearly
where it stands out twice as far as the bound, is half as large again as its floor and fills half as much
more of the window as is asked; it is away where the script holds nothing of it, nor anything that a page
cannot tell from it. What lies between belongs to neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from neuronarrator_hf.findings.vocabulary import ABNORMAL_IDS
from neuronarrator_hf.simulation.sheet import Episode, Sheet
from neuronarrator_hf.simulation.truth import see_windows

CLEARER = 2.0
LARGER = 1.5
LONGER = 1.5
ELEMENTS = {
    "eyes_open": ("eye_blinks",),
    "eyes_closed": ("posterior_dominant_rhythm",),
    "drowsy": ("lateral_eye_movements",),
    "n1_sleep": ("vertex_waves",),
    "n2_sleep": ("sleep_spindles", "k_complexes"),
    "rem_sleep": ("lateral_eye_movements",),
}
"""States that ten seconds show by an element of theirs only."""
SLOW_STATES = ({"generalized_theta_slowing"}, {"drowsy", "n1_sleep", "n2_sleep", "rem_sleep"})
"""Slowing that a page cannot tell from these states where it shows no element of them."""
LOW_UV = 24.0
"""Amplitude of a background that may be measured as low: a fifth above the bound of the definition."""
KIN = {
    "spikes": ("polyspikes", "spike_and_wave", "lpd", "gpd", "bipd", "electrographic_seizure"),
    "spike_and_wave": ("electrographic_seizure",),
    "polyspikes": ("spike_and_wave",),
    "gpd": ("spike_and_wave",),
    "electrographic_seizure": ("spike_and_wave",),
    "flat_channel": ("extreme_low_voltage",),
    "muscle_artifact": ("movement_artifact",),
    "generalized_theta_slowing": ("lpd", "gpd", "bipd", "lrda"),
    "brief_attenuation": ("discontinuity", "burst_suppression"),
    "discontinuity": ("brief_attenuation", "burst_suppression"),
    "burst_suppression": ("discontinuity",),
    "generalized_delta_slowing": (
        "lpd",
        "gpd",
        "bipd",
        "lrda",
        "grda",
        "extreme_delta_brush",
        "slow_wave_sleep",
    ),
    "focal_slowing": ("lrda",),
}
"""Findings that a window with another one holds too, though the script names that other one alone."""


def planted_levels(sheet: Sheet) -> tuple[list[set[str]], list[set[str]]]:
    """What every window of a recording shows clearly, and what it may show.

    Returns:
        Per window the findings planted clearly, and those that are not away.
    """
    stricter = _seen(sheet, _stricter)
    looser = _seen(sheet, _looser)
    low = {"low_voltage"} if 4.0 * sheet.level_uv < LOW_UV else set()
    clear, possible = [], []
    for plain, strong in zip(looser, stricter, strict=True):
        held = plain | {f for f, kin in KIN.items() if plain & set(kin)} | low
        unseen = {f for f, own in ELEMENTS.items() if f in plain and not plain & set(own)}
        held |= SLOW_STATES[0] if unseen & SLOW_STATES[1] else set()
        abnormal = held & ABNORMAL_IDS
        told = {f for f in strong if f not in ELEMENTS or strong & set(ELEMENTS[f])}
        told |= {"abnormal"} if strong & ABNORMAL_IDS else set()
        told |= set() if abnormal else {"normal"}
        clear.append(told)
        possible.append(held | told | ({"abnormal", "normal"} if abnormal else set()) - _other(told))
    return clear, possible


def _other(told: set[str]) -> set[str]:
    return {"normal"} if "abnormal" in told else set()


def _seen(sheet: Sheet, change: Callable[[Episode], Episode]) -> list[set[str]]:
    changed = replace(sheet, truth=[change(episode) for episode in sheet.truth])
    return [set(claims) for claims, _ in see_windows(changed)]


def _stricter(episode: Episode) -> Episode:
    longer = min(LONGER * episode.min_share, 0.5 * (episode.min_share + episode.max_share), 0.9)
    return replace(
        episode,
        clear=CLEARER * episode.clear,
        floor=None if episode.floor is None else LARGER * np.asarray(episode.floor),
        min_share=max(longer, episode.min_share),
        min_s=LONGER * episode.min_s,
        max_share=episode.max_share if episode.max_share == 1.0 else 0.95 * episode.max_share,
    )


def _looser(episode: Episode) -> Episode:
    return replace(
        episode,
        clear=0.0,
        least_share=0.0,
        floor=None,
        min_share=min(0.02, episode.min_share) if episode.max_share == 1.0 else episode.min_share - 0.05,
        min_events=1,
        max_share=min(1.0, episode.max_share + 0.05),
    )
