"""How far what is scripted stands out of everything else: truth follows what can be seen."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .maps import bipolar
from .sheet import Episode, Sheet, Spectrum

_WHOLE_BAND_HZ = (0.5, 30.0)
_NOTHING_UV = 0.3
"""RMS that is always there: the noise floor of amplifiers."""


def clearness(sheet: Sheet, episode: Episode) -> np.ndarray:
    """How many times an episode is as large as the rest of the signal in its band.

    The rest is everything else the recording holds there: background, rhythms, slowing, muscle and noisy
    electrodes, by the fields of their sources. Sporadic transients are left out of it.

    Args:
        sheet: The recording.
        episode: With `made_of` and `band_hz`; made of events where it has `event_uv`.

    Returns:
        RMS over RMS along the script `(n_ctrl,)` for what lasts; peak over RMS `(n_events,)` for events.
        In the derivation where it stands out most, or for `widespread` in the median one; of several
        groups of sources, that of the least. 0 where it holds less than `least_share` of the whole power.
    """
    own = {source for group in episode.made_of for source in group}
    rest = _derived_power(sheet, episode.band_hz, lambda source: source not in own) + _NOTHING_UV**2
    living = _living_derivations(sheet)
    ratios = []
    for group in episode.made_of:
        if episode.event_uv is not None:
            field = np.max([np.abs(bipolar() @ sheet.maps[source]) for source in group], axis=0)
            index = sheet.index(episode.times)
            ratio = field[:, None] * episode.event_uv / np.sqrt(rest[:, index])
        else:
            power = _derived_power(sheet, episode.band_hz, set(group).__contains__)
            whole = _derived_power(sheet, _WHOLE_BAND_HZ, lambda source: True)
            ratio = np.sqrt(power / rest) * (power >= episode.least_share * whole)
        ratio = ratio[living]
        if not ratio.size:
            ratios.append(np.zeros(ratio.shape[1]))
        elif episode.widespread:
            ratios.append(np.median(ratio, axis=0))
        else:
            ratios.append(ratio[np.argmax(ratio.mean(axis=1))])
    return np.min(ratios, axis=0)


def _living_derivations(sheet: Sheet) -> np.ndarray:
    dead = list(sheet.device.get("dead", ()))
    return ~(bipolar()[:, dead] != 0).any(axis=1)


def _derived_power(sheet: Sheet, band_hz: tuple[float, float], chosen) -> np.ndarray:
    """`(18, n_ctrl)`: mean square of the chosen continuous sources in a band, by derivation."""
    low_hz, high_hz = band_hz
    power: dict[int, np.ndarray] = {}
    for source, spectrum, rms in sheet.noise:
        if chosen(source):
            share = _share(spectrum, low_hz, high_hz)
            power[source] = power.get(source, 0.0) + share * np.square(rms, dtype=float)
    for source, carrier, weights, _ in sheet.rhythms:
        if chosen(source):
            inside = (carrier >= low_hz - 0.5) & (carrier <= high_hz + 0.5)
            power[source] = power.get(source, 0.0) + 0.5 * inside * np.abs(weights) ** 2
    if not power:
        return np.zeros((len(bipolar()), sheet.n_ctrl))
    maps = np.stack([sheet.maps[source] for source in power], axis=1)
    hemispheres = sheet.device.get("hemispheres")
    if hemispheres is not None:
        maps = np.where([sheet.brain[source] for source in power], maps * hemispheres[:, None], maps)
    return (bipolar() @ maps) ** 2 @ np.stack(list(power.values()))


@lru_cache(maxsize=512)
def _share(spectrum: Spectrum, low_hz: float, high_hz: float) -> float:
    return spectrum.band_share(low_hz, high_hz)
