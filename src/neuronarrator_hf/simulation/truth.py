"""From the episodes of a recording to the claims of each of its windows."""

from __future__ import annotations

import numpy as np

from ..findings.schema import Change, Claim
from ..findings.vocabulary import ABNORMAL_IDS, VOCABULARY
from ..signal.windows import WINDOW_S
from .sheet import CTRL_HZ, PAD_S, Episode, Sheet
from .visibility import clearness

SLOWEST_ADULT_RHYTHM_HZ = 7.75
"""Below it the posterior rhythm is rounded to less than the 8 Hz of a normal adult (IFCN 2017)."""
Window = tuple[dict[str, Claim], dict[str, float]]
"""Claims of a window by finding, and the share of the window that each finding fills, claimed or not."""


def window_claims(sheet: Sheet, *, gone_claims: bool = False) -> list[list[Claim]]:
    """The claims of every window of a recording, in the order of the vocabulary.

    A window carries a finding if enough of it lies in the window (the thresholds of the episode)
    and it stands out enough (its floor). `normal` is claimed where nothing abnormal is.

    Args:
        sheet: The recording.
        gone_claims: Also word what the window before had and this one has not (polarity absent).
    """
    return settle(see_windows(sheet), gone_claims=gone_claims)


def see_windows(sheet: Sheet) -> list[Window]:
    """What can be seen on each window by itself."""
    stands_out = [clearness(sheet, episode) if episode.made_of else None for episode in sheet.truth]
    return [_window(sheet, window, stands_out) for window in range(sheet.n_windows)]


def settle(windows: list[Window], *, gone_claims: bool = False) -> list[list[Claim]]:
    """Consecutive windows with the changes from one to the next and the summary; times anew from 0."""
    out: list[list[Claim]] = []
    before: Window | None = None
    for index, (seen, shares) in enumerate(windows):
        span = {"start_s": index * WINDOW_S, "end_s": (index + 1) * WINDOW_S, "confidence": 1.0}
        claims = {finding: claim.with_(**span) for finding, claim in seen.items()}
        if before is not None:
            claims = _with_changes(claims, *before, shares)
            if gone_claims:
                claims.update(_gone(before[0], shares, claims, span))
        abnormal = any(f in ABNORMAL_IDS and c.is_present for f, c in claims.items())
        summary = "abnormal" if abnormal or _is_slow_awake(claims) else "normal"
        claims[summary] = Claim(summary, **span)
        out.append([claims[finding] for finding in VOCABULARY if finding in claims])
        before = seen, shares
    return out


def episode_claims(sheet: Sheet, offset_s: float = 0.0) -> list[Claim]:
    """Every episode and event with its own start and end, as annotations of the recording."""
    out = []
    for episode in sheet.truth:
        told = {"side": episode.side, "regions": episode.regions, "confidence": 1.0}
        if episode.gate is None:
            spans = [(t, t + 0.3) for t in episode.times if 0 <= t < sheet.duration_s]
        else:
            edges = np.flatnonzero(np.diff(np.concatenate([[0], (episode.gate > 0.5).astype(int), [0]])))
            ends = edges.reshape(-1, 2) / CTRL_HZ - PAD_S
            spans = [(max(a, 0.0), min(b, sheet.duration_s)) for a, b in ends]
        for start, stop in spans:
            if stop - start >= 0.2:
                span = {"start_s": float(start + offset_s), "end_s": float(stop + offset_s)}
                out.append(Claim(episode.finding, **told, **span))
    return sorted(out, key=lambda c: (c.start_s, c.finding))


def _is_slow_awake(claims: dict[str, Claim]) -> bool:
    """A posterior rhythm that a reader of an adult's wakefulness calls slower than 8 Hz."""
    rhythm = claims.get("posterior_dominant_rhythm")
    if rhythm is None or not rhythm.is_present or rhythm.frequency_hz is None:
        return False
    asleep = any(state in claims for state in ("drowsy", "n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep"))
    return not asleep and rhythm.frequency_hz[1] < SLOWEST_ADULT_RHYTHM_HZ


def _gone(
    before: dict[str, Claim], shares: dict[str, float], claims: dict[str, Claim], span: dict
) -> dict[str, Claim]:
    change = Change("gone", WINDOW_S)
    return {
        finding: Claim(finding, "absent", side=claim.side, change=change, **span)
        for finding, claim in before.items()
        if "change" in VOCABULARY[finding].attributes
        and finding not in claims
        and shares.get(finding, 0.0) <= 0.02
    }


def _window(sheet: Sheet, window: int, stands_out: list[np.ndarray | None]) -> Window:
    start = round((window * WINDOW_S + PAD_S) * CTRL_HZ)
    part = slice(start, start + round(WINDOW_S * CTRL_HZ))
    low_s, high_s = window * WINDOW_S, (window + 1) * WINDOW_S
    candidates: dict[str, list[tuple[float, Claim]]] = {}
    share_of: dict[str, float] = {}
    for episode, clear in zip(sheet.truth, stands_out, strict=True):
        seen = _see(episode, part, low_s, high_s, clear)
        if seen is None:
            continue
        share, visible, claim = seen
        share_of[episode.finding] = max(share_of.get(episode.finding, 0.0), share)
        if visible:
            candidates.setdefault(episode.finding, []).append((share, claim))
    claims = {}
    for finding, options in candidates.items():
        claims[finding] = max(options, key=lambda o: (o[0], (o[1].amplitude_uv or (0,))[-1]))[1]
    return claims, share_of


def _see(
    episode: Episode, part: slice, low_s: float, high_s: float, stands_out: np.ndarray | None
) -> tuple[float, bool, Claim] | None:
    """Share of the window, whether it counts, and the claim; None where it does not occur at all."""
    times, clear_by = episode.times, None
    if stands_out is not None and episode.event_uv is not None:
        here = (times >= low_s) & (times <= high_s)
        clear_by = float(np.median(stands_out[here])) if here.any() else None
        times = times[stands_out >= episode.clear]
    if episode.gate is None:
        inside = times[(times >= low_s + 0.1) & (times <= high_s - 0.15)]
        if not len(inside):
            return None
        index = np.clip(np.round((inside - low_s) * CTRL_HZ).astype(int), 0, round(WINDOW_S * CTRL_HZ) - 1)
        share, enough = len(inside) / 10.0, len(inside) >= episode.min_events
    else:
        gate = episode.gate[part]
        index = np.flatnonzero(gate > 0.5)
        if not len(index):
            return None
        share = len(index) / len(gate)
        enough = (
            share >= episode.min_share or len(index) / CTRL_HZ >= episode.min_s
        ) and share <= episode.max_share
        if times is not None:
            n_events = ((times >= low_s + 0.1) & (times <= high_s - 0.1)).sum()
            enough = enough and n_events >= episode.min_events
        if stands_out is not None and episode.event_uv is None:
            clear_by = float(np.sqrt(np.mean(stands_out[part][index] ** 2)))
            enough = enough and clear_by >= episode.clear
    amplitude = _part(episode.amplitude, part, index)
    floor = _part(episode.floor, part, index)
    if amplitude is not None and floor is not None and np.sqrt(np.mean(amplitude**2)) < np.mean(floor):
        enough = False
    frequency = None
    if isinstance(episode.frequency, tuple):
        frequency = episode.frequency
    elif episode.frequency is not None:
        values = _part(episode.frequency, part, index)
        frequency = (values.mean(),) * 2 if episode.single else (values.min(), values.max())
        frequency = tuple(float(v) for v in frequency)
    level = None if amplitude is None else float(np.sqrt(np.mean(amplitude**2)))
    claim = Claim(
        episode.finding,
        side=episode.side,
        regions=episode.regions,
        frequency_hz=frequency,
        amplitude_uv=None if level is None else (level, level),
        evidence={
            "truth": "simulated",
            "share": round(share, 3),
            **({} if clear_by is None else {"stands_out": round(clear_by, 2)}),
            **({} if level is None else {"derivation": episode.derivation}),
        },
    )
    if "prevalence" in VOCABULARY[episode.finding].attributes and episode.gate is not None:
        claim = claim.with_(prevalence=_prevalence(share))
    elif "prevalence" in VOCABULARY[episode.finding].attributes:
        claim = claim.with_(prevalence=_event_prevalence(len(index)))
    return share, bool(enough), claim


def _part(values, part: slice, index: np.ndarray) -> np.ndarray | None:
    if values is None:
        return None
    values = np.asarray(values, dtype=float)
    return values[part][index] if values.ndim else np.full(len(index), float(values))


def _prevalence(share: float) -> str:
    for limit, word in ((0.9, "continuous"), (0.5, "abundant"), (0.1, "frequent"), (0.01, "occasional")):
        if share >= limit:
            return word
    return "rare"


def _event_prevalence(n_events: int) -> str:
    """ACNS 2021 for sporadic discharges: abundant from one in 10 s, which one window always shows.

    Inside one window: one discharge is occasional, two or three frequent, more abundant.
    """
    return "occasional" if n_events == 1 else "frequent" if n_events <= 3 else "abundant"


def _with_changes(
    claims: dict[str, Claim],
    before: dict[str, Claim],
    shares_before: dict[str, float],
    shares: dict[str, float],
) -> dict[str, Claim]:
    """Claims with what changed since the window before: the clearest change of each."""
    out = {}
    for finding, claim in claims.items():
        if "change" in VOCABULARY[finding].attributes:
            change = None
            previous = before.get(finding)
            if previous is None:
                if shares_before.get(finding, 0.0) <= 0.02:
                    change = "new"
            else:
                change = _difference(claim, previous, shares[finding], shares_before[finding])
            if change:
                claim = claim.with_(change=Change(change, WINDOW_S))
        out[finding] = claim
    return out


def _difference(claim: Claim, previous: Claim, share: float, share_before: float) -> str | None:
    """The clearest change: 20 % in frequency, twice or half the amplitude, 40 % more or less of the time."""
    if claim.frequency_hz and previous.frequency_hz:
        now, then = np.mean(claim.frequency_hz), np.mean(previous.frequency_hz)
        if abs(now - then) >= max(0.25, 0.2 * then):
            return "faster" if now > then else "slower"
    if claim.amplitude_uv and previous.amplitude_uv:
        ratio = claim.amplitude_uv[1] / max(previous.amplitude_uv[1], 1e-6)
        if ratio >= 2.0 or ratio <= 0.5:
            return "increased" if ratio > 1 else "decreased"
    if abs(share - share_before) >= 0.4:
        return "increased" if share > share_before else "decreased"
    return None
