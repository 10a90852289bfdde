"""What has changed in a recording since earlier windows, told only where both windows are known well."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from neuronarrator_hf.findings.judging import FREQUENCY_TOLERANCE, is_uncertain
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.track import changes
from neuronarrator_hf.signal.windows import WINDOW_S

MINUTE_S = 60.0
TOUCHING_S = 0.1
"""Windows further apart do not touch."""
_KEPT = round(MINUTE_S / WINDOW_S)
_OF_FREQUENCY = ("faster", "slower")
TRENDS = frozenset({"faster", "slower", "increased", "decreased", "spread"})
"""Changes that may be too slow for one window to show; what is new or gone is told when it happens."""


@dataclass(frozen=True)
class _Window:
    claims: Mapping[str, Claim]
    origins: Mapping[str, str]
    start_s: float
    end_s: float


class History:
    """The windows of the last minute of a recording.

    A change against the window before is told first; where there is none, a trend against the window a minute
    before. Nothing is told across a pause or an overlap, of a claim that is too near its decision in either
    window, of a frequency that differs by no more than its measurement may, or where the one window is known
    from a label and the other from measurement alone.
    """

    def __init__(self) -> None:
        self._windows: deque[_Window] = deque(maxlen=_KEPT)

    def compared(
        self, claims: Mapping[str, Claim], origins: Mapping[str, str], start_s: float, end_s: float
    ) -> list[Claim]:
        """The claims of the next window, with what has changed; it becomes the latest window.

        Args:
            claims: One per finding, in the order they are told.
            origins: Finding to `measured`, `label` or `both`.
            start_s: Start of the window.
            end_s: End of the window.
        """
        now = _Window(dict(claims), dict(origins), start_s, end_s)
        if self._windows and abs(self._windows[-1].end_s - start_s) > TOUCHING_S:
            self._windows.clear()
        told = dict(claims)
        if self._windows:
            told |= _changed(self._windows[-1], now)
            if len(self._windows) == _KEPT:
                for finding, claim in _changed(self._windows[0], now).items():
                    if told[finding].change is None and claim.change and claim.change.direction in TRENDS:
                        told[finding] = claim
        self._windows.append(now)
        return list(told.values())


def _changed(before: _Window, now: _Window) -> dict[str, Claim]:
    found = changed(before.claims, now.claims, now.start_s - before.start_s)
    return {
        finding: claim
        for finding, claim in found.items()
        if (before.origins[finding] == "measured") == (now.origins[finding] == "measured")
    }


def changed(before: Mapping[str, Claim], now: Mapping[str, Claim], since_s: float) -> dict[str, Claim]:
    """The claims of a window that have changed for certain since an earlier one, with their change.

    Args:
        before: Claims of the earlier window by finding.
        now: Claims of the window.
        since_s: Seconds between the two.
    """
    found = changes(list(before.values()), list(now.values()), since_s=since_s)
    return {
        finding: now[finding].with_(change=change)
        for finding, change in found.items()
        if not (is_uncertain(before[finding]) or is_uncertain(now[finding]))
        and not (change.direction in _OF_FREQUENCY and _alike(before[finding], now[finding]))
    }


def _alike(before: Claim, now: Claim) -> bool:
    """Whether two frequencies may be one, measured twice."""
    if before.frequency_hz is None or now.frequency_hz is None:
        return True
    first_hz, second_hz = sum(before.frequency_hz) / 2, sum(now.frequency_hz) / 2
    return abs(second_hz - first_hz) < FREQUENCY_TOLERANCE * first_hz
