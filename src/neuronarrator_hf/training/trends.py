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
        found = {finding: claim.change for finding, claim in changed(before, now, n_back * WINDOW_S).items()}
        trends = {
            finding: change for finding, change in found.items() if change and change.direction in TRENDS
        }
        told.append(
            [c.with_(change=trends[c.finding]) if not c.change and c.finding in trends else c for c in window]
        )
    return told
