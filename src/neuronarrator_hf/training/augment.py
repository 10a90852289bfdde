"""Changes to a recording that keep its truth, or change the truth with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..evaluation.controls import pink_noise, time_shuffled, white_noise
from ..findings.schema import Claim
from ..signal.montage import SITES_1020

NOISE_SHARE = 0.04
"""Share of the recordings that become noise at their own amplitude: of it nothing is true, and the text says
that it cannot be judged."""
_NOISES = (white_noise, pink_noise, time_shuffled)
_MIRROR_NAMES = {"left": "right", "right": "left"}


def _mirror_site(name: str) -> str:
    digits = "".join(c for c in name if c.isdigit())
    if not digits:
        return name
    number = int(digits)
    return name.replace(digits, str(number + 1 if number % 2 else number - 1))


MIRROR_ORDER = np.array([SITES_1020.index(_mirror_site(site)) for site in SITES_1020])
"""Index of each site's counterpart on the other side."""

_BREAKS_ONE_CHANNEL = frozenset({"electrode_artifact", "flat_channel"})
_NEEDS_CALM = frozenset(
    {"low_voltage", "extreme_low_voltage", "burst_suppression", "discontinuity", "flat_channel"}
)


def mirror_claim(claim: Claim) -> Claim:
    """The claim of the recording seen in a mirror: left and right change places."""
    if claim.side not in _MIRROR_NAMES:
        return claim
    return claim.with_(side=_MIRROR_NAMES[claim.side])


def augment(
    eeg_uv: np.ndarray, claims: Sequence[Sequence[Claim]], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, list[list[Claim]]]:
    """One recording, changed at random.

    Args:
        eeg_uv: `(n_windows, 19, n_times)` microvolts at the sites.
        claims: Truth of each window.
        rng: Source of chance.

    Returns:
        The signal, the channel mask `(n_windows, 19)` and the truth.
    """
    eeg_uv = eeg_uv.astype(np.float32)
    found = {c.finding for window in claims for c in window if c.is_present}
    truth = [list(window) for window in claims]
    # Noise as small as the calmest EEG would be hard to tell from it.
    if rng.random() < NOISE_SHARE and not found & _NEEDS_CALM:
        noise = _NOISES[int(rng.integers(len(_NOISES)))]
        eeg_uv, truth, found = noise(eeg_uv[None], rng)[0], [[] for _ in claims], set()
    if rng.random() < 0.5:
        eeg_uv = eeg_uv[:, MIRROR_ORDER]
        truth = [[mirror_claim(c) for c in window] for window in truth]
    eeg_uv = eeg_uv * np.float32(np.exp(rng.normal(0, 0.05)))
    if rng.random() < 0.3 and not found & _NEEDS_CALM:
        level = np.float32(rng.uniform(0.3, 1.5))
        eeg_uv = eeg_uv + level * rng.standard_normal(eeg_uv.shape, dtype=np.float32)
    mask = np.ones(eeg_uv.shape[:2], dtype=bool)
    if rng.random() < 0.25 and not found & _BREAKS_ONE_CHANNEL:
        mask[:, rng.choice(len(SITES_1020), size=rng.integers(1, 4), replace=False)] = False
    if rng.random() < 0.4 and not found & _BREAKS_ONE_CHANNEL:
        kept = np.flatnonzero(mask[0])
        reference = eeg_uv[:, kept].mean(1, keepdims=True)
        if rng.random() < 0.5:
            electrode = rng.choice(kept)
            reference = eeg_uv[:, [electrode]]
            mask[:, electrode] = False  # zeros of a reference are not those of a dead input
        eeg_uv = eeg_uv - reference
    return eeg_uv * mask[..., None], mask, truth
