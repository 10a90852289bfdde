"""The Markdown tables of a benchmark over a public source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_EVENT_FIGURES = ("sensitivity", "precision", "f1", "false_positives_per_day")
_VERDICTS = {"held": " **INVALID: did not collapse**", "inconclusive": " (inconclusive)"}


def to_markdown(result: Mapping[str, Any]) -> str:
    """Scores by route with intervals, events, calibration, controls, and what others published."""
    run = result.get("run", {})
    counts = result["counts"]
    lines = [f"# {result['benchmark']}", ""]
    if run:
        lines += [f"Model: {run['model']['name']} ({run['model']['revision'] or 'no revision'}). ", ""]
    lines += [
        f"Split: {result['split']}. "
        + "; ".join(
            f"{part}: recordings {c['recordings']}, persons {c['persons']}, segments "
            + (", ".join(f"{n} {name}" for name, n in c["segments"].items()) or "none")
            for part, c in counts.items()
        )
        + ".",
        "",
        *(f"**Warning: {warning}.**\n" for warning in result["warnings"]),
        *_figures(result, "segments", "by segment"),
    ]
    if any("recordings" in r for r in result["routes"].values()):
        lines += ["", *_figures(result, "recordings", "by recording")]
    if any("events" in r for r in result["routes"].values()):
        lines += ["", *_events(result)]
    lines += ["", *_selective(result)]
    if "controls" in result:
        lines += ["", *_controls(result["controls"])]
    if result.get("as_published"):
        lines += ["", *_published(result)]
    if result.get("missing"):
        lines += ["", "Not scored: " + "; ".join(f"{k} ({v})" for k, v in result["missing"].items()) + "."]
    if result["refused"]:
        lines += [
            "",
            f"{len(result['refused'])} recordings could not be read; the first: {result['refused'][0]}",
        ]
    return "\n".join(lines) + "\n"


def _figures(result: Mapping[str, Any], level: str, title: str) -> list[str]:
    names = list(result["figures"])
    if level == "segments" and any("events" in r for r in result["routes"].values()):
        names = [n for n in names if n != "f1"]
    if level == "recordings":
        names = [n for n in names if n != "vote_divergence"]
    rows = [_row([title, *names, "abstained"]), _rule(len(names) + 2)]
    for route, scores in result["routes"].items():
        if level in scores:
            s = scores[level]
            cells = [figure(s.get(n), (s.get("interval_95") or {}).get(n)) for n in names]
            rows.append(_row([route, *cells, f"{s['abstained']} of {s['n']}"]))
    return rows


def _events(result: Mapping[str, Any]) -> list[str]:
    rows = [_row(["SzCORE events, mean over subjects", *_EVENT_FIGURES, "true", "found", "false"]), _rule(8)]
    for route, scores in result["routes"].items():
        if "events" in scores:
            e = scores["events"]["event"]
            interval = e.get("interval_95", {})
            cells = [figure(e["per_subject"][n], interval.get(n)) for n in _EVENT_FIGURES]
            rows.append(_row([route, *cells, str(e["true_events"]), str(e["tp"]), str(e["fp"])]))
    return rows


def _selective(result: Mapping[str, Any]) -> list[str]:
    rows = [
        _row(["selective prediction", "risk-coverage area", "best possible", "risk at 0.5", "ECE"]),
        _rule(5),
    ]
    for route, scores in result["routes"].items():
        s = scores["selective"]
        cells = [s["area"], s["best_area"], s["risk_at"]["0.5"], s["calibration_error"]]
        rows.append(_row([route, *(figure(c) for c in cells)]))
    return rows


def _controls(controls: Mapping[str, Any]) -> list[str]:
    rows = [_row([f"balanced accuracy of {controls['segments']} segments", *controls["real"]])]
    rows += [
        _rule(len(controls["real"]) + 1),
        _row(["the EEG itself", *map(figure, controls["real"].values())]),
    ]
    for name, scores in controls.items():
        if name in ("segments", "real"):
            continue
        if "verdict" in scores:
            cells = [scores["verdict"]] * len(controls["real"])
        else:
            cells = [
                "–" if route not in scores
                else figure(scores[route]["value"])
                + ("" if route == "prior" else _VERDICTS.get(scores[route]["verdict"], ""))
                for route in controls["real"]
            ]  # fmt: skip
        rows.append(_row([f"control: {name.replace('_', ' ')}", *cells]))
    return rows


def _published(result: Mapping[str, Any]) -> list[str]:
    published = result["as_published"]
    names = [n for n in result["figures"] if any(n in row for row in published)]
    rows = [_row(["as published (other harnesses)", "training", *names, "by"]), _rule(len(names) + 3)]
    rows += [
        _row([r["model"], r["training"], *(figure(r.get(n)) for n in names), r["source"]]) for r in published
    ]
    return rows


def figure(value: float | None, interval: Sequence[float] | None = None) -> str:
    """A figure with its interval, as tables hold it."""
    if value is None:
        return "–"
    return f"{value:.3f}" + (f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else "")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(n: int) -> str:
    return "|" + "---|" * n
