"""Claim scores: what a text asserts against what is true, counted per finding, polarity and attribute.

A narrative is its claims. A finding asserted present counts as right where the truth has it present;
negation is a class of its own; what was said of side, region, frequency, amplitude and time is scored
on the claims that match. All sums are kept per group (one recording, one patient), so that confidence
intervals resample whole groups.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..findings.schema import Claim
from ..findings.vocabulary import FINDING_IDS, VOCABULARY

FREQUENCY_TOLERANCE_HZ = 0.5
AMPLITUDE_TOLERANCE = 0.25
"""An amplitude counts as right within this share of the true one."""

_INDEX = {finding: i for i, finding in enumerate(FINDING_IDS)}
_COUNTS = (
    "tp",
    "fp",
    "fn",
    "negation_tp",
    "negation_fp",
    "negation_fn",
    "hallucinated",
    "omitted",
    "contradicted",
)
_TP, _FP, _FN, _NEG_TP, _NEG_FP, _NEG_FN, _HALLUCINATED, _OMITTED, _CONTRADICTED = range(len(_COUNTS))
_ATTRIBUTES = ("side", "regions", "frequency", "amplitude", "prevalence", "change", "time")
_PDR = "posterior_dominant_rhythm"


class ClaimScorer:
    """Running counts over narratives, per group.

    Args:
        n_bootstrap: Resamples of the groups for the intervals; 0 leaves them out.
        seed: Seed of the resampling.
    """

    def __init__(self, n_bootstrap: int = 1000, seed: int = 0) -> None:
        self.n_bootstrap, self.seed = n_bootstrap, seed
        self._counts: dict[Any, np.ndarray] = {}
        self._attributes: dict[Any, np.ndarray] = {}
        self._pdr: dict[Any, list[float]] = {}
        self.n_narratives = 0

    def add(self, predicted: Iterable[Claim], truth: Iterable[Claim], group: Any = None) -> None:
        """Count one narrative. Findings the truth does not mention are not there (closed world).

        Findings the truth calls not assessed are left out on both sides.
        """
        key = self.n_narratives if group is None else group
        self.n_narratives += 1
        if key not in self._counts:
            self._counts[key] = np.zeros((len(FINDING_IDS), len(_COUNTS)))
            self._attributes[key] = np.zeros((len(_ATTRIBUTES), 3))
            self._pdr[key] = []
        counts = self._counts[key]
        said, true = _by_finding(predicted), _by_finding(truth)
        for finding in said.keys() | true.keys():
            ours, theirs = said.get(finding, ()), true.get(finding, ())
            if any(c.polarity == "not_assessed" for c in theirs):
                continue
            row = counts[_INDEX[finding]]
            present = [c for c in ours if c.polarity == "present"]
            absent = any(c.polarity == "absent" for c in ours)
            truly = [c for c in theirs if c.polarity == "present"]
            truly_absent = any(c.polarity == "absent" for c in theirs)
            pairs = match_claims(present, truly)
            row[_TP] += len(pairs)
            row[_FP] += len(present) - len(pairs)
            row[_FN] += len(truly) - len(pairs)
            if present and not truly:
                row[_CONTRADICTED if truly_absent else _HALLUCINATED] += len(present)
            elif truly and not present:
                row[_CONTRADICTED if absent else _OMITTED] += len(truly)
            if absent:
                row[_NEG_FP if truly else _NEG_TP] += 1
            elif truly_absent and not truly:
                row[_NEG_FN] += 1
            for ours_one, truth_one in pairs:
                row[_CONTRADICTED] += self._add_attributes(key, ours_one, truth_one)

    def _add_attributes(self, key: Any, ours: Claim, truth: Claim) -> int:
        """Score the attributes of one match; 1 where the two sides exclude each other."""
        sums = self._attributes[key]
        for i, score in enumerate(_attribute_scores(ours, truth)):
            if score is not None:
                sums[i, 0] += score >= 0
                sums[i, 1] += max(score, 0.0)
                sums[i, 2] += 1
        if ours.finding == _PDR and ours.frequency_hz and truth.frequency_hz:
            self._pdr[key].append(abs(middle(ours.frequency_hz) - middle(truth.frequency_hz)))
        return int({ours.side, truth.side} == {"left", "right"})

    def compute(self) -> dict[str, Any]:
        """All scores as plain JSON values."""
        if not self._counts:
            raise ValueError("no narratives were scored; call add() first")
        counts, attributes = np.stack([*self._counts.values()]), np.stack([*self._attributes.values()])
        total = counts.sum(0)
        summary = _summarise(total[None])
        result: dict[str, Any] = {"n_narratives": self.n_narratives, "n_groups": len(counts)}
        result |= {name: float(value[0]) for name, value in summary.items()}
        result |= {name: int(total[:, i].sum()) for i, name in enumerate(_COUNTS)}
        result["per_finding"] = _per_finding(total)
        result["per_group_of_findings"] = _per_group(total)
        result["attributes"] = _attribute_table(attributes.sum(0))
        errors = [e for errors in self._pdr.values() for e in errors]
        result["pdr_frequency"] = {
            "n": len(errors),
            "mean_absolute_error_hz": float(np.mean(errors)) if errors else None,
            "within_0.5_hz": float(np.mean(np.array(errors) <= FREQUENCY_TOLERANCE_HZ + 1e-6))
            if errors
            else None,
        }
        if self.n_bootstrap:
            result["interval_95"] = self._intervals(counts)
        return result

    def _intervals(self, counts: np.ndarray) -> dict[str, list[float]]:
        rng = np.random.default_rng(self.seed)
        weights = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), self.n_bootstrap)
        resampled = _summarise(np.einsum("bg,gfc->bfc", weights, counts, optimize=True))
        return {
            name: [float(q) for q in np.quantile(values, (0.025, 0.975))]
            for name, values in resampled.items()
            if name in ("precision", "recall", "f1", "macro_f1")
        }


def score_claims(
    predictions: Sequence[Sequence[Claim]],
    references: Sequence[Sequence[Claim]],
    *,
    groups: Sequence[Any] | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Scores of claims against claims, one list each per narrative.

    Args:
        predictions: Claims asserted, per narrative.
        references: Claims that are true, per narrative.
        groups: What to resample together (recording or patient), per narrative; each alone if None.
        n_bootstrap: Resamples for the 95 % intervals.
        seed: Seed of the resampling.
    """
    if len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions for {len(references)} references")
    scorer = ClaimScorer(n_bootstrap, seed)
    for i, (predicted, truth) in enumerate(zip(predictions, references, strict=True)):
        scorer.add(predicted, truth, None if groups is None else groups[i])
    return scorer.compute()


def score_texts(
    texts: Sequence[str],
    references: Sequence[Sequence[Claim]],
    *,
    parse: Callable[[str], Sequence[Claim]] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Like `score_claims`, parsing the texts first; options are those of `score_claims`."""
    if parse is None:
        from ..findings.parse import parse as parse_grammar

        parse = parse_grammar
    return score_claims([parse(text) for text in texts], references, **options)


def as_claims(value: str) -> list[Claim]:
    """Claims of a narrative, or of a JSON list of claims (`Claim.to_dict`), whichever the text is.

    Raises:
        ValueError: The JSON is none, or holds what is no claim.
    """
    if value.lstrip().startswith("["):
        try:
            return [Claim.from_dict(item) for item in json.loads(value)]
        except (json.JSONDecodeError, TypeError, AttributeError) as error:
            raise ValueError(f"no JSON list of claims: {value[:60]!r} ({error})") from error
    from ..findings.parse import parse

    return parse(value)


def _by_finding(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    grouped: dict[str, list[Claim]] = {}
    for claim in claims:
        grouped.setdefault(claim.finding, []).append(claim)
    return grouped


def match_claims(ours: Sequence[Claim], truth: Sequence[Claim]) -> list[tuple[Claim, Claim]]:
    """Pairs of claims on one finding, those that agree best on their attributes first."""
    if len(ours) <= 1 and len(truth) <= 1:
        return list(zip(ours, truth, strict=False))
    open_ours, open_truth, pairs = list(ours), list(truth), []
    while open_ours and open_truth:
        best = max(((a, b) for a in open_ours for b in open_truth), key=lambda pair: _closeness(*pair))
        pairs.append(best)
        open_ours.remove(best[0])
        open_truth.remove(best[1])
    return pairs


def _closeness(a: Claim, b: Claim) -> float:
    return sum(max(score, 0.0) for score in _attribute_scores(a, b) if score is not None)


def middle(interval: tuple[float, float]) -> float:
    """What one figure says for an interval."""
    return (interval[0] + interval[1]) / 2


def _attribute_scores(ours: Claim, truth: Claim) -> tuple[float | None, ...]:
    """Per attribute: None where the truth has none, -1 where it was not stated, else 0 to 1."""
    worded = VOCABULARY[ours.finding].attributes

    def score(name: str, of: Callable[[Any, Any], float]) -> float | None:
        mine, true = getattr(ours, name), getattr(truth, name)
        if name not in worded or true in (None, ()):
            return None
        return -1.0 if mine in (None, ()) else float(of(mine, true))

    return (
        score("side", lambda a, b: a == b),
        score("regions", lambda a, b: len(set(a) & set(b)) / len(set(a) | set(b))),
        score("frequency_hz", lambda a, b: abs(middle(a) - middle(b)) <= FREQUENCY_TOLERANCE_HZ + 1e-6),
        score(
            "amplitude_uv",
            lambda a, b: abs(middle(a) - middle(b)) <= AMPLITUDE_TOLERANCE * max(middle(b), 1e-6) + 1e-6,
        ),
        score("prevalence", lambda a, b: a == b),
        score("change", lambda a, b: a.direction == b.direction),
        _time_score(ours, truth),
    )


def _time_score(ours: Claim, truth: Claim) -> float | None:
    """Intersection over union of the two stretches; times are an attribute of every finding."""
    if truth.start_s is None or truth.end_s is None:
        return None
    if ours.start_s is None or ours.end_s is None:
        return -1.0
    shared = min(ours.end_s, truth.end_s) - max(ours.start_s, truth.start_s)
    whole = max(ours.end_s, truth.end_s) - min(ours.start_s, truth.start_s)
    return max(shared, 0.0) / whole if whole > 0 else 1.0


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part, dtype=float), where=whole > 0)


def _summarise(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Micro and macro figures of `(n, n_findings, n_counts)`, each `(n,)`.

    The macro mean is over the findings that occur in the truth or in the text.
    """
    tp, fp, fn = counts[..., _TP], counts[..., _FP], counts[..., _FN]
    micro = [counts[..., i].sum(-1) for i in range(len(_COUNTS))]
    f1 = _ratio(2 * tp, 2 * tp + fp + fn)
    occurs = (tp + fp + fn) > 0
    return {
        "precision": _ratio(micro[_TP], micro[_TP] + micro[_FP]),
        "recall": _ratio(micro[_TP], micro[_TP] + micro[_FN]),
        "f1": _ratio(2 * micro[_TP], 2 * micro[_TP] + micro[_FP] + micro[_FN]),
        "macro_f1": _ratio((f1 * occurs).sum(-1), occurs.sum(-1)),
        "negation_f1": _ratio(2 * micro[_NEG_TP], 2 * micro[_NEG_TP] + micro[_NEG_FP] + micro[_NEG_FN]),
    }


def _per_finding(total: np.ndarray) -> dict[str, dict[str, float]]:
    table = {}
    for finding, row in zip(FINDING_IDS, total, strict=True):
        if not row.any():
            continue
        tp, fp, fn = row[:3]
        table[finding] = {
            "precision": float(tp / (tp + fp)) if tp + fp else 0.0,
            "recall": float(tp / (tp + fn)) if tp + fn else 0.0,
            "f1": float(2 * tp / (2 * tp + fp + fn)) if tp + fp + fn else 0.0,
            "support": int(tp + fn),
            "claimed": int(tp + fp),
        }
    return table


def _per_group(total: np.ndarray) -> dict[str, dict[str, float]]:
    groups: dict[str, list[int]] = {}
    for finding, i in _INDEX.items():
        groups.setdefault(VOCABULARY[finding].group, []).append(i)
    return {
        group: {name: float(value[0]) for name, value in _summarise(total[None, rows]).items()}
        for group, rows in groups.items()
        if total[rows].any()
    }


def _attribute_table(sums: np.ndarray) -> dict[str, dict[str, float | int | None]]:
    """Accuracy among the stated, share stated, and how many of the matched claims have a true value."""
    return {
        name: {
            "accuracy": float(right / stated) if stated else None,
            "stated": float(stated / n) if n else None,
            "n": int(n),
        }
        for name, (stated, right, n) in zip(_ATTRIBUTES, sums, strict=True)
    }
