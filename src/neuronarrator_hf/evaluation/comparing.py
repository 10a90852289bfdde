"""Two results of one benchmark side by side, figure by figure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FIGURES = frozenset(
    {
        "precision", "recall", "f1", "macro_f1", "negation_f1", "accuracy", "balanced_accuracy", "kappa",
        "weighted_f1", "auroc", "auprc", "calibration_error", "macro_auroc", "majority_agreement",
        "vote_share", "cross_entropy", "vote_divergence", "sensitivity", "false_positives_per_day",
        "within_0.5_hz", "mean_error_hz", "called_abnormal", "area", "contradicted_share",
    }
)  # fmt: skip
_LEFT_OUT = frozenset(
    {"run", "per_finding", "per_class", "controls", "interval_95", "as_published", "curve", "pooled",
     "per_group_of_findings", "above_prior_interval_95"}
)  # fmt: skip


def compare(first: str | Path, second: str | Path) -> dict[str, Any]:
    """The figures that two result files share.

    Returns:
        `rows` of `figure` (its path), `first`, `second`, `difference`, and `apart`: whether both have a 95 %
        interval and these do not overlap; `differs` names what of the runs is not the same.

    Raises:
        ValueError: The files are no results, or of two benchmarks.
    """
    a, b = _read(first), _read(second)
    names = [r["run"]["benchmark"] for r in (a, b)]
    if names[0] != names[1]:
        raise ValueError(
            f"{first} is of {names[0]!r} and {second} of {names[1]!r}; compare results of one benchmark"
        )
    left, right = dict(_figures(a)), dict(_figures(b))
    rows = []
    for path in left:
        if path in right:
            (x, low), (y, high) = left[path], right[path]
            apart = bool(low and high and (low[0] > high[1] or high[0] > low[1]))
            rows.append({"figure": path, "first": x, "second": y, "difference": y - x, "apart": apart})
    differs = [
        name for name in ("seed", "limit", "per_recording", "history", "versions", "hardware")
        if a["run"].get(name) != b["run"].get(name)
    ]  # fmt: skip
    if a.get("data_digest") != b.get("data_digest"):
        differs.append("recordings")
    return {
        "benchmark": names[0],
        "models": [a["run"]["model"], b["run"]["model"]],
        "differs": differs,
        "rows": rows,
    }


def comparison_markdown(comparison: Mapping[str, Any]) -> str:
    """The comparison as a table; differences beyond both intervals are marked."""
    names = [m["name"] if isinstance(m, Mapping) else str(m) for m in comparison["models"]]
    lines = [f"# {comparison['benchmark']}", "", f"First: {names[0]}. Second: {names[1]}."]
    if comparison["differs"]:
        lines += ["", f"Not the same in both runs: {', '.join(comparison['differs'])}."]
    lines += ["", "| figure | first | second | difference | intervals apart |", "|---|---|---|---|---|"]
    lines += [
        f"| {r['figure']} | {r['first']:.3f} | {r['second']:.3f} | {r['difference']:+.3f} | "
        f"{'yes' if r['apart'] else ''} |"
        for r in comparison["rows"]
    ]
    return "\n".join(lines) + "\n"


def _read(path: str | Path) -> dict[str, Any]:
    try:
        result = json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: no JSON ({error}); give a file that evaluate wrote") from error
    if not isinstance(result, dict) or "benchmark" not in result.get("run", {}):
        raise ValueError(f"{path}: no result of a benchmark; give a file that evaluate wrote")
    return result


def _figures(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, tuple[float, Any]]]:
    intervals = value.get("interval_95") or {}
    for name, item in value.items():
        if name in _LEFT_OUT:
            continue
        where = f"{path} > {name}" if path else name
        if isinstance(item, Mapping):
            yield from _figures(item, where)
        elif name in _FIGURES and isinstance(item, (int, float)):
            yield where, (float(item), intervals.get(name))
