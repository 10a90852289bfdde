"""What a measurer returns, and how it becomes one claim per finding and window."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..schema import Claim
from ..vocabulary import FINDING_IDS, VOCABULARY
from .calibration import confidence_of

MARGIN_LIMIT = 8.0
"""Margins are clipped here: beyond it a confidence says nothing more."""


@dataclass(frozen=True)
class WindowMeasurement:
    """All that the signal of one window says.

    Attributes:
        start_s: Start in seconds from the start of the recording.
        end_s: End of the recorded part.
        claims: One claim per finding of the vocabulary: present, absent or not_assessed, with its
            attributes, its score as `confidence` (0.5 is the decision) and its evidence.
        values: The raw measurements, named with their units.
        alternatives: Further places or kinds in which a finding occurs.
    """

    start_s: float
    end_s: float
    claims: dict[str, Claim]
    values: dict[str, float] = field(default_factory=dict)
    alternatives: dict[str, tuple[Claim, ...]] = field(default_factory=dict)


@dataclass
class Judgement:
    """What one measurer says of one finding over a batch of windows.

    Attributes:
        finding: Id of the vocabulary.
        margin: `(n_windows,)` distance to the definition's bound in steps of about one doubling of
            the odds' logarithm: 0 is the bound, positive is present.
        assessed: `(n_windows,)` bool: whether the window can be judged.
        reason: Why not, where it cannot.
        bound: The bound of the definition, in words.
        where: Derivation in which it was measured.
        evidence: Measured numbers by name with unit, each `(n_windows,)`.
        side: `(n_windows,)` side or None.
        regions: `(n_windows,)` tuples of regions.
        frequency_hz: `(n_windows,)` or `(n_windows, 2)`; NaN where none.
        amplitude_uv: `(n_windows,)` or `(n_windows, 2)`; NaN where none.
        hedged: `(n_windows,)` bool: a candidate only.
        alternatives: `(n_windows,)` tuples of attribute mappings of further places.
    """

    finding: str
    margin: np.ndarray
    assessed: np.ndarray
    reason: str = "too few evaluable electrodes"
    bound: str = ""
    where: str = ""
    evidence: Mapping[str, np.ndarray] = field(default_factory=dict)
    side: Sequence[str | None] | None = None
    regions: Sequence[tuple[str, ...]] | None = None
    frequency_hz: np.ndarray | None = None
    amplitude_uv: np.ndarray | None = None
    hedged: np.ndarray | None = None
    alternatives: Sequence[tuple[Mapping[str, Any], ...]] | None = None

    def claim(self, window: int, start_s: float, end_s: float) -> Claim:
        """The claim of one window."""
        values = {name: float(series[window]) for name, series in self.evidence.items()}
        numbers = {name: round(value, 4) for name, value in values.items() if math.isfinite(value)}
        margin = float(self.margin[window])
        if not self.assessed[window] or not math.isfinite(margin):
            return not_assessed(self.finding, self.reason, start_s, end_s, numbers)
        confidence = confidence_of(self.finding, min(max(margin, -MARGIN_LIMIT), MARGIN_LIMIT))
        evidence = {"measured": numbers, "where": self.where, "bound": self.bound, "margin": round(margin, 3)}
        if confidence < 0.5:
            return Claim(
                self.finding, "absent", start_s=start_s, end_s=end_s, confidence=confidence, evidence=evidence
            )
        return Claim(
            self.finding,
            "present",
            hedged=bool(self.hedged[window]) if self.hedged is not None else False,
            start_s=start_s,
            end_s=end_s,
            confidence=confidence,
            evidence=evidence,
            **self._attributes(window),
        )

    def _attributes(self, window: int) -> dict[str, Any]:
        allowed = VOCABULARY[self.finding].attributes
        attributes: dict[str, Any] = {}
        if self.side is not None and "side" in allowed:
            attributes["side"] = self.side[window]
        if self.regions is not None and "regions" in allowed:
            attributes["regions"] = tuple(self.regions[window])
        for name in ("frequency_hz", "amplitude_uv"):
            value = getattr(self, name)
            if value is not None and name in allowed:
                bounds = np.broadcast_to(np.atleast_1d(value[window]), (2,))
                if np.isfinite(bounds).all():
                    attributes[name] = (float(bounds.min()), float(bounds.max()))
        return attributes


def not_assessed(
    finding: str, reason: str, start_s: float, end_s: float, measured: Mapping[str, float] | None = None
) -> Claim:
    """A claim that says only that a finding could not be judged, and why."""
    evidence: dict[str, Any] = {"reason": reason}
    if measured:
        evidence["measured"] = dict(measured)
    return Claim(finding, "not_assessed", start_s=start_s, end_s=end_s, evidence=evidence)


def assemble(
    judgements: Sequence[Judgement], start_s: np.ndarray, end_s: np.ndarray, values: Mapping[str, np.ndarray]
) -> list[WindowMeasurement]:
    """One `WindowMeasurement` per window; findings nobody judged are not assessed."""
    by_id = {judgement.finding: judgement for judgement in judgements}
    measurements = []
    for window, (start, end) in enumerate(zip(start_s.tolist(), end_s.tolist(), strict=True)):
        claims = {
            finding: by_id[finding].claim(window, start, end)
            if finding in by_id
            else not_assessed(finding, "not measured", start, end)
            for finding in FINDING_IDS
        }
        alternatives = {
            finding: tuple(
                claims[finding].with_(**attributes) for attributes in judgement.alternatives[window]
            )
            for finding, judgement in by_id.items()
            if judgement.alternatives is not None
            and judgement.alternatives[window]
            and claims[finding].is_present
        }
        numbers = {name: float(value[window]) for name, value in values.items() if np.isfinite(value[window])}
        measurements.append(WindowMeasurement(start, end, claims, numbers, alternatives))
    return measurements
