"""The one record in which findings travel: measured, simulated, written, parsed and verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .vocabulary import PREVALENCES, REGIONS, SIDES, define

POLARITIES = ("present", "absent", "not_assessed")
STATUSES = ("supported", "contradicted", "unassessable", "unchecked")
DIRECTIONS = ("new", "gone", "increased", "decreased", "faster", "slower", "spread")


@dataclass(frozen=True)
class Change:
    """A change against an earlier stretch of the same recording.

    Attributes:
        direction: One of `DIRECTIONS`.
        since_s: Seconds between the stretch compared with and the claim, or None if not worded.
    """

    direction: str
    since_s: float | None = None

    def __post_init__(self) -> None:
        _check("direction", self.direction, DIRECTIONS)


@dataclass(frozen=True)
class Claim:
    """One assertion about a stretch of EEG.

    The same record serves as the truth of a simulation, the result of a measurement, the meaning
    of a sentence and the verdict of a check.

    Attributes:
        finding: Id from the vocabulary.
        polarity: present, absent or not_assessed. Not assessed is never normal.
        hedged: Worded as possible, suspected or candidate.
        side: left, right, bilateral, midline or None.
        regions: Head regions in the order of `REGIONS`.
        frequency_hz: `(low, high)` in Hz; equal ends are a single value.
        amplitude_uv: `(low, high)` peak to peak in microvolts.
        prevalence: Share of the time, one of `PREVALENCES`, or None.
        change: Change against an earlier stretch, or None.
        start_s: Start in seconds from the start of the recording.
        end_s: End in seconds from the start of the recording.
        confidence: Calibrated probability, 0 to 1.
        span: Characters `(start, stop)` of the text that asserts it.
        status: Verdict of the verification.
        evidence: What was measured, where, and with which bound.
    """

    finding: str
    polarity: str = "present"
    hedged: bool = False
    side: str | None = None
    regions: tuple[str, ...] = ()
    frequency_hz: tuple[float, float] | None = None
    amplitude_uv: tuple[float, float] | None = None
    prevalence: str | None = None
    change: Change | None = None
    start_s: float | None = None
    end_s: float | None = None
    confidence: float | None = None
    span: tuple[int, int] | None = None
    status: str = "unchecked"
    evidence: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        define(self.finding)
        _check("polarity", self.polarity, POLARITIES)
        _check("status", self.status, STATUSES)
        if self.side is not None:
            _check("side", self.side, SIDES)
        if self.prevalence is not None:
            _check("prevalence", self.prevalence, PREVALENCES)
        if self.regions != ():
            for region in self.regions:
                _check("region", region, REGIONS)
            ordered = tuple(region for region in REGIONS if region in self.regions)
            object.__setattr__(self, "regions", ordered)
        for name in ("frequency_hz", "amplitude_uv"):
            value = getattr(self, name)
            if value is not None:
                low, high = (float(v) for v in value)
                if not 0 <= low <= high:
                    raise ValueError(f"{name} must be (low, high) with 0 <= low <= high, got {value}")
                object.__setattr__(self, name, (low, high))

    @property
    def is_present(self) -> bool:
        """Whether the finding is asserted."""
        return self.polarity == "present"

    def content(self) -> tuple[Any, ...]:
        """What is asserted, without where it stands, when it was, and how sure or checked it is."""
        return (
            self.finding,
            self.polarity,
            self.hedged,
            self.side,
            self.regions,
            self.frequency_hz,
            self.amplitude_uv,
            self.prevalence,
            self.change,
        )

    def to_dict(self) -> dict[str, Any]:
        """The claim as plain JSON values."""
        return {
            "finding": self.finding,
            "polarity": self.polarity,
            "hedged": self.hedged,
            "side": self.side,
            "regions": list(self.regions),
            "frequency_hz": None if self.frequency_hz is None else list(self.frequency_hz),
            "amplitude_uv": None if self.amplitude_uv is None else list(self.amplitude_uv),
            "prevalence": self.prevalence,
            "change": None
            if self.change is None
            else {"direction": self.change.direction, "since_s": self.change.since_s},
            "start_s": self.start_s,
            "end_s": self.end_s,
            "confidence": self.confidence,
            "span": None if self.span is None else list(self.span),
            "status": self.status,
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Claim:
        """The inverse of `to_dict`.

        Raises:
            ValueError: A value is outside the vocabulary or a key is unknown.
        """
        known = cls.__dataclass_fields__.keys()
        if not values.keys() <= known:
            unknown = sorted(values.keys() - known)
            raise ValueError(
                f"unknown keys of a claim: {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            )
        values = dict(values)
        change = values.get("change")
        for name in ("frequency_hz", "amplitude_uv", "span"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        values["regions"] = tuple(values.get("regions") or ())
        values["change"] = None if change is None else Change(**change)
        values["evidence"] = values.get("evidence") or {}
        return cls(**values)

    def with_(self, **changes: Any) -> Claim:
        """A copy with some attributes replaced."""
        return Claim(**{**vars(self), **changes})


def _check(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(allowed)}, got {value!r}")
