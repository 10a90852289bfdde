"""The main component of a band: the one field that carries most of its power, and its wave.

One generator has one field, so what it makes is the same wave in every derivation; a polymorphic
background has as many waves as places. A rhythm is looked for in the wave of that field, where the
rest of the head does not blur it.
"""

from __future__ import annotations

import numpy as np


def main_component(x: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The wave of the first principal component over derivations, and its share of the power.

    Args:
        x: `(n_windows, n_rows, n_times)` band-limited signals.
        mask: `(n_windows, n_rows)` bool: derivations that count.

    Returns:
        `(n_windows, n_times)` in the units of `x` along the field of unit length, `(n_windows,)` 0 to 1.
    """
    used = x * mask[..., None]
    power, fields = np.linalg.eigh(np.matmul(used, used.swapaxes(1, 2)))
    share = power[:, -1] / np.maximum(power.sum(axis=1), 1e-9)
    wave = np.matmul(fields[:, None, :, -1], used)[:, 0]
    return wave, np.asarray(share)
