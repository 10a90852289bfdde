"""Slow changes in the truth of a simulated recording, which tells itself those from window to window."""

from __future__ import annotations

from collections.abc import Sequence

from ..corpus.history import TRENDS, changed
from ..findings.schema import Claim
from ..signal.windows import WINDOW_S


def with_trends(windows: Sequence[Sequence[Claim]], n_back: int) -> list[list[Claim]]:
    """The truth with what has changed since the window `n_back` before, where nothing has since the last one.

    The rule is that of corpus rows (`corpus.history`), on frequency, amplitude and side. Prevalences are left
    out: two classes next to each other may lie a hundredth of a window apart.

    Args:
        windows: Claims of consecutive windows.
        n_back: Windows back; 0 leaves the truth as it is.
    """
    if n_back == 0:
        return [list(window) for window in windows]
    plain = [{c.finding: c.with_(prevalence=None, change=None) for c in window} for window in windows]
    told = [list(window) for window in windows[:n_back]]
    for before, now, window in zip(plain, plain[n_back:], windows[n_back:], strict=False):
        slow = changed(before, now, n_back * WINDOW_S)
        told.append([_with_trend(claim, slow.get(claim.finding)) for claim in window])
    return told


def _with_trend(claim: Claim, slow: Claim | None) -> Claim:
    if claim.change or slow is None or slow.change is None or slow.change.direction not in TRENDS:
        return claim
    return claim.with_(change=slow.change)
