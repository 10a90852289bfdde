"""Numeric fidelity: whether the numbers of a text are those of the signal, and which belong to no claim."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..findings.parse import parse
from ..findings.quantise import quantise
from ..findings.schema import Claim
from .claims import AMPLITUDE_TOLERANCE, FREQUENCY_TOLERANCE_HZ, match_claims, middle
from .intervals import percentile_interval, resample_groups

QUANTITIES = ("frequency_hz", "amplitude_uv")
_COUNTS = ("stated", "exact", "within_tolerance", "unsupported", "omitted", "referenced")
_NUMBER_WITH_UNIT = re.compile(
    r"(?P<low>\d+(?:\.\d+)?)(?:\s*(?:-|–|—|to)\s*(?P<high>\d+(?:\.\d+)?))?[\s-]*"
    r"(?:hz|hertz|cps|c/s|[uµμ]v|microvolts?)\b",
    re.IGNORECASE,
)


@dataclass
class _Tally:
    """Counts `(n_quantities, n_counts)` of a group, and the errors of each quantity."""

    counts: np.ndarray = field(default_factory=lambda: np.zeros((len(QUANTITIES), len(_COUNTS))))
    errors: list[list[float]] = field(default_factory=lambda: [[] for _ in QUANTITIES])


def score_numbers(
    texts: Sequence[str],
    references: Sequence[Sequence[Claim]],
    *,
    groups: Sequence[Hashable] | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Numbers of narratives against those of the true claims.

    A number that is said of a finding which is not there, or of which no number is known, is
    unsupported: it counts as wrong. *Exact* compares after the rounding of clinicians (`quantise`).

    Args:
        texts: Narratives.
        references: Claims that are true, per narrative.
        groups: What to resample together (recording or patient); each narrative alone if None.
        n_bootstrap: Resamples for the 95 % intervals; 0 leaves them out.
        seed: Of the resampling.

    Returns:
        `fidelity` (share of the stated numbers within tolerance), `exact`, `coverage` (share of the
        known numbers that were stated), the counts behind them, `per_quantity`, and `unlinked`: numbers
        with a unit of frequency or voltage that belong to no claim of their sentence.
    """
    if len(texts) != len(references):
        raise ValueError(f"{len(texts)} texts for {len(references)} references")
    if not texts:
        raise ValueError("no narratives were given; give at least one")
    groups = range(len(texts)) if groups is None else groups
    tallies: dict[Hashable, _Tally] = {}
    unlinked = n_numbers = 0
    for text, truth, group in zip(texts, references, groups, strict=True):
        said = parse(text)
        _add(tallies.setdefault(group, _Tally()), said, truth)
        alone, numbers = count_unlinked(text, said)
        unlinked, n_numbers = unlinked + alone, n_numbers + numbers
    counts = np.stack([t.counts for t in tallies.values()])
    result: dict[str, Any] = {"n_narratives": len(texts), "n_groups": len(counts)}
    result |= _shares(counts.sum((0, 1)))
    result |= {f"n_{name}": int(counts[..., i].sum()) for i, name in enumerate(_COUNTS)}
    result["per_quantity"] = {
        name: _shares(counts[:, q].sum(0))
        | {f"n_{count}": int(counts[:, q, i].sum()) for i, count in enumerate(_COUNTS)}
        | {"mean_absolute_error": _mean([e for t in tallies.values() for e in t.errors[q]])}
        for q, name in enumerate(QUANTITIES)
    }
    result |= {"numbers_in_text": n_numbers, "unlinked": unlinked}
    if n_bootstrap:
        sums = [counts[rows].sum((0, 1)) for rows in resample_groups(range(len(counts)), n_bootstrap, seed)]
        result["interval_95"] = {
            name: percentile_interval([_shares(s)[name] for s in sums])
            for name in ("fidelity", "exact", "coverage")
        }
    return result


def count_unlinked(text: str, claims: Sequence[Claim]) -> tuple[int, int]:
    """How many numbers with a unit stand in no claim of their sentence, and how many there are."""
    alone = total = 0
    for match in _NUMBER_WITH_UNIT.finditer(text):
        ends = {float(v) for v in match.groupdict().values() if v is not None}
        read = {
            v
            for claim in claims
            if claim.span is not None and claim.span[0] <= match.start() < claim.span[1]
            for name in QUANTITIES
            for v in getattr(claim, name) or ()
        }
        total += 1
        alone += not ends <= read
    return alone, total


def _add(tally: _Tally, said: Sequence[Claim], truth: Sequence[Claim]) -> None:
    findings = {c.finding for c in (*said, *truth)}
    for finding in findings:
        ours = [c for c in said if c.finding == finding and c.is_present]
        true = [c for c in truth if c.finding == finding and c.is_present]
        if any(c.finding == finding and c.polarity == "not_assessed" for c in truth):
            continue
        pairs = match_claims(ours, true)
        alone = [c for c in ours if not any(c is a for a, _ in pairs)]
        missed = [c for c in true if not any(c is b for _, b in pairs)]
        rows: list[tuple[Claim | None, Claim | None]] = [*pairs]
        rows += [(c, None) for c in alone] + [(None, c) for c in missed]
        for mine, theirs in rows:
            for q, name in enumerate(QUANTITIES):
                _compare(tally, q, name, mine, theirs)


def _compare(tally: _Tally, q: int, name: str, mine: Claim | None, theirs: Claim | None) -> None:
    value = getattr(mine, name) if mine is not None else None
    true = getattr(theirs, name) if theirs is not None else None
    error = exact = within = None
    if value is not None and true is not None:
        assert theirs is not None
        error = abs(middle(value) - middle(true))
        exact = value == getattr(quantise(theirs), name)
        within = exact or error <= _tolerance(name, middle(true)) + 1e-6
        tally.errors[q].append(error)
    tally.counts[q] += (
        value is not None,
        bool(exact),
        bool(within),
        value is not None and true is None,
        value is None and true is not None,
        true is not None,
    )


def _tolerance(name: str, true: float) -> float:
    return FREQUENCY_TOLERANCE_HZ if name == "frequency_hz" else AMPLITUDE_TOLERANCE * true


def _shares(counts: np.ndarray) -> dict[str, float | None]:
    stated, exact, within, _, omitted, referenced = (float(v) for v in counts)
    return {
        "fidelity": within / stated if stated else None,
        "exact": exact / stated if stated else None,
        "coverage": (referenced - omitted) / referenced if referenced else None,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
