"""Claims and their evidence in words: one way for every rendering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..findings.vocabulary import VOCABULARY

STATUS_WORDS = {
    "supported": "supported by the signal",
    "contradicted": "contradicted by the signal",
    "unassessable": "cannot be checked on this signal",
    "unchecked": "not checked",
}
_LOGARITHMS = {"_log2": 2.0, "_log10": 10.0}
"""Ratios are told as ratios: nobody reads 1.68 decades as forty-eight times the background."""
_NOT_WORDED = ("margin", "windows", "score", "measured_polarity", "spans_s", "surest_s", "state")
"""Of a verdict's inner working; the verdict and the confidence say it."""
_UNITS = {
    "_hz": " Hz",
    "_uv": " µV",
    "_uv2": " µV²",
    "_db": " dB",
    "_ms": " ms",
    "_s": " s",
    "_percent": " %",
}


def clock(seconds: float) -> str:
    """A time of the recording: `0:10`, `12:30.5`, `1:02:05`."""
    whole, rest = divmod(round(seconds * 10), 10)
    hours, minutes, secs = whole // 3600, whole // 60 % 60, whole % 60
    text = f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"
    return f"{text}.{rest}" if rest else text


def duration(seconds: float) -> str:
    """A length of time as a reader says it: `8 s`, `2 min 5 s`, `3 h 10 min`."""
    whole = round(seconds)
    hours, minutes, secs = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {secs} s" if secs else f"{minutes} min"
    return f"{secs} s"


def value_range(value: Iterable[float] | None, unit: str) -> str:
    """`[9.5, 9.5]` as `9.5 Hz`, `[1, 2]` as `1-2 Hz`, None as nothing."""
    if value is None:
        return ""
    low, high = value
    return f"{low:.3g} {unit}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g}\N{EN DASH}{high:.3g} {unit}"


def confidence_words(confidence: float | None) -> str:
    """A probability as a reader takes it: two decimals, and never certainty; None as nothing."""
    if confidence is None:
        return ""
    return ">0.99" if confidence > 0.99 else "<0.01" if confidence < 0.01 else f"{confidence:.2f}"


def finding_name(finding: str) -> str:
    """The clinical term, with a capital."""
    name = VOCABULARY[finding].name
    return name[:1].upper() + name[1:]


def state_name(state: str) -> str:
    """`awake`, `stage N2 sleep`: the name of a stretch of a state."""
    return VOCABULARY[state].name if state in VOCABULARY else {"untold": "not told"}.get(state, state)


def short_name(finding: str) -> str:
    """The abbreviation where the name carries one: `LPDs`, else the name."""
    name = VOCABULARY[finding].name
    return (
        name.rpartition("(")[2].rstrip(")")
        if name.endswith("s)") or name.endswith("A)")
        else name.partition(" (")[0]
    )


def place(side: str | None, regions: Iterable[str]) -> str:
    """Side and regions: `left temporal, central`."""
    where = ", ".join(regions)
    return " ".join(part for part in (side or "", where) if part)


def claim_words(claim: Mapping[str, Any]) -> str:
    """What a claim asserts, in one short phrase."""
    parts = [finding_name(claim["finding"])]
    if claim["polarity"] != "present":
        parts.append({"absent": "not seen", "not_assessed": "not assessed"}[claim["polarity"]])
    if claim["hedged"]:
        parts.append("candidate")
    parts += [
        place(claim["side"], claim["regions"]),
        value_range(claim["frequency_hz"], "Hz"),
        value_range(claim["amplitude_uv"], "µV"),
        claim["prevalence"] or "",
        claim["change"]["direction"] if claim["change"] else "",
    ]
    return ", ".join(part for part in parts if part)


def evidence_words(evidence: Mapping[str, Any]) -> str:
    """Measured numbers with units, where they were measured, and the bound they were held against."""
    parts = []
    for name, value in evidence.items():
        if name == "measured" and isinstance(value, Mapping):
            parts += [quantity(key, number) for key, number in value.items() if "margin" not in key]
        elif name == "where":
            parts.append(str(value) if str(value).startswith("rules") else f"in {value}")
        elif name == "bound":
            parts.append(f"bound: {value}")
        elif name == "reason":
            parts.append(f"reason: {value}")
        elif name not in _NOT_WORDED and value not in (None, "", [], {}, ()):
            parts.append(quantity(name, value))
    return "; ".join(part for part in parts if part)


def status_words(claim: Mapping[str, Any]) -> str:
    """The verdict on a claim; what was not assessed has none to give."""
    if claim["polarity"] == "not_assessed" and claim["status"] != "contradicted":
        return "not assessed on this signal"
    if claim["status"] == "unassessable" and claim["evidence"].get("measured_polarity") in (
        "present",
        "absent",
    ):
        return "not settled by the signal"
    return STATUS_WORDS[claim["status"]]


def told_evidence(claim: Mapping[str, Any]) -> str:
    """The evidence of a claim, and what the measurement says where it is not what the claim says."""
    evidence = claim["evidence"]
    words = evidence_words(evidence)
    measured = evidence.get("measured_polarity")
    if measured is None or measured == claim["polarity"]:
        return words
    verdict = {"present": "measured as present", "absent": "measured as absent"}.get(measured, "not measured")
    return f"{verdict}; {words}" if words else verdict


def quantity(name: str, value: Any) -> str:
    """`peak_hz`, 10.21 as `peak 10.2 Hz`."""
    for ending, base in _LOGARITHMS.items():
        if name.endswith(ending) and isinstance(value, (int, float)):
            return f"{name.removesuffix(ending).replace('_', ' ')} {base**value:.3g} times"
    unit = ""
    for ending, word in _UNITS.items():
        if name.endswith(ending):
            name, unit = name.removesuffix(ending), word
            break
    label = name.replace("_", " ")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        text = ", ".join(map(_word, value)) if isinstance(value, (list, tuple)) else _word(value)
        return f"{label}: {text}" if text else ""
    return f"{label} {value:.3g}{unit}" if abs(value) < 1000 else f"{label} {value:.0f}{unit}"


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(quantity(str(k), v) for k, v in value.items())
    return f"{value:.3g}" if isinstance(value, float) else str(value)
