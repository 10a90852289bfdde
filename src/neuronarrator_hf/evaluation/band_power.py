"""The baseline that always runs: band powers of the electrodes and a logistic regression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..signal.interpolation import average_reference, to_sites
from ..signal.spectral import band_power, power_spectrum
from ..signal.windows import EEGWindows

BANDS_HZ = ((0.5, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 20.0), (20.0, 30.0))
_FLOOR_UV2 = 1e-2


def band_power_features(block: EEGWindows) -> np.ndarray:
    """`(n_windows, 21 * 6)` log10 band powers in uV^2: at the 19 sites (NaN where masked), and over channels.

    The mean and the maximum over the evaluable channels are there for montages without sites.
    """
    site_uv, site_mask = to_sites(block)
    at_sites = _log_power(average_reference(site_uv, site_mask), block)
    at_sites = np.where(site_mask[..., None], at_sites, np.nan)
    of_channels = _log_power(block.eeg_uv, block)
    weight = block.channel_mask[..., None]
    n_channels = weight.sum(1)
    mean = np.where(weight, of_channels, 0.0).sum(1) / np.maximum(n_channels, 1)
    highest = np.where(weight, of_channels, -np.inf).max(1)
    over = np.where(n_channels > 0, np.stack([mean, highest]), np.nan)
    return np.concatenate([at_sites.reshape(len(block), -1), over[0], over[1]], axis=1)


def _log_power(eeg_uv: np.ndarray, block: EEGWindows) -> np.ndarray:
    freqs, psd = power_spectrum(eeg_uv, time_mask=block.time_mask)
    return np.log10(band_power(freqs, psd, BANDS_HZ) + _FLOOR_UV2)


class Probe:
    """A logistic regression on features of segments, each class weighted alike.

    Args:
        features: `(n, d)` of the training part; NaN is replaced by the column's median.
        truth: `(n,)` index of the class.
        n_classes: Columns of what it predicts.
        c: Inverse strength of the ridge penalty.
    """

    def __init__(self, features: np.ndarray, truth: np.ndarray, n_classes: int, *, c: float = 0.1) -> None:
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self.n_classes = n_classes
        self._model = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            StandardScaler(),
            LogisticRegression(C=c, class_weight="balanced", max_iter=1000),
        )
        self._model.fit(features, truth)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """`(n, n_classes)` probabilities; a class that training never saw has none."""
        out = np.zeros((len(features), self.n_classes))
        out[:, self._model.classes_] = self._model.predict_proba(features)
        return out


def leave_group_out(
    features: np.ndarray, truth: np.ndarray, groups: Sequence[str], *, c: float = 0.1
) -> np.ndarray:
    """Probability of one label per row, each group predicted from the others.

    Args:
        features: `(n, d)`.
        truth: `(n,)` bool.
        groups: Recording or patient of each row.
        c: Inverse strength of the ridge penalty.
    """
    out, names = np.zeros(len(truth)), np.array(groups)
    for group in np.unique(names):
        held = names == group
        known = truth[~held].astype(int)
        if known.min() == known.max():
            out[held] = float(known[0])
        else:
            out[held] = Probe(features[~held], known, 2, c=c).predict(features[held])[:, 1]
    return out
