"""Two recordings of one patient: what is new, gone or changed, and what cannot be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..findings.schema import Claim
from ..findings.track import changes
from ..findings.vocabulary import VOCABULARY
from ..narration.result import DISCLAIMER
from .evidence import claim_words, duration, finding_name

SCHEMA = "neuronarrator.comparison/1"
DIRECTIONS = ("new", "gone", "increased", "decreased", "faster", "slower", "spread")
_COMPARED = ("state", "background", "sleep", "epileptiform", "rhythmic_periodic", "ictal")


@dataclass(frozen=True)
class Comparison:
    """What changed from an earlier recording to a later one.

    Attributes:
        changed: One entry a finding: `finding`, `direction`, `before` and `after` in words, `possible`
            where a side is a candidate only.
        same: Ids of findings seen in both without a change that can be told.
        not_compared: Ids of findings that were not assessed in one of the two.
        seizures: Per recording the number of seizures and of possible ones, and seconds of the former.
        grades: Grade of each recording, None where it has none.
        cautions: What makes the two less comparable.
        names: Names of the recordings.
    """

    changed: tuple[Mapping[str, Any], ...]
    same: tuple[str, ...]
    not_compared: tuple[str, ...]
    seizures: tuple[Mapping[str, float], Mapping[str, float]]
    grades: tuple[str | None, str | None]
    cautions: tuple[str, ...]
    names: tuple[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "schema": SCHEMA,
            "recordings": list(self.names),
            "grades": list(self.grades),
            "seizures": [dict(s) for s in self.seizures],
            "changed": [dict(c) for c in self.changed],
            "same": list(self.same),
            "not_compared": list(self.not_compared),
            "cautions": list(self.cautions),
        }

    def to_markdown(self) -> str:
        """The comparison as text."""
        before, after = self.names
        lines = [f"# EEG compared: {before} before, {after} after", ""]
        lines += [f"Grade: {_grade(self.grades[0])} before, {_grade(self.grades[1])} after.", ""]
        for name, of in zip(("before", "after"), self.seizures, strict=True):
            lines.append(
                f"* Electrographic seizures {name}: {of['n']:.0f} ({duration(of['seconds'])}), "
                f"possible ones: {of['n_possible']:.0f}"
            )
        lines += ["", "## Changed", ""]
        for direction in DIRECTIONS:
            for entry in self.changed:
                if entry["direction"] == direction:
                    lines.append(f"* {_entry_words(entry)}")
        if not self.changed:
            lines.append("No change that these recordings can tell.")
        lines += ["", "## Seen in both without a change", "", _listed(self.same)]
        lines += ["", "## Not compared: not assessed in one of the two", "", _listed(self.not_compared)]
        if self.cautions:
            lines += ["", "## Caution", "", *(f"* {caution}" for caution in self.cautions)]
        return "\n".join([*lines, "", DISCLAIMER, ""])


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Compare two narrations.

    A finding is new or gone only where both recordings could be judged for it: silence is not absence.

    Args:
        before: The earlier one, in the form of its JSON.
        after: The later one.
    """
    earlier, later = _surest(before["claims"]), _surest(after["claims"])
    found = changes(list(earlier.values()), list(later.values()))
    changed, same, not_compared = [], [], []
    for finding in VOCABULARY:
        if VOCABULARY[finding].group not in _COMPARED:
            continue
        then, now = earlier.get(finding), later.get(finding)
        judged = [c is not None and c.polarity != "not_assessed" for c in (then, now)]
        if then is None or now is None or not all(judged):
            not_compared.append(finding)
            continue
        change = found.get(finding)
        direction = change.direction if change else _appeared(then, now)
        if direction is not None:
            changed.append(
                {
                    "finding": finding,
                    "direction": direction,
                    "before": claim_words(then.to_dict()),
                    "after": claim_words(now.to_dict()),
                    "possible": (then.is_present and then.hedged) or (now.is_present and now.hedged),
                }
            )
        elif then.is_present and now.is_present:
            same.append(finding)
    return Comparison(
        changed=tuple(changed),
        same=tuple(same),
        not_compared=tuple(not_compared),
        seizures=(_seizures(before), _seizures(after)),
        grades=(before["quality"].get("grade"), after["quality"].get("grade")),
        cautions=tuple(_cautions(before, after)),
        names=(str(before["recording"]["name"]), str(after["recording"]["name"])),
    )


def _surest(claims: Iterable[Mapping[str, Any]]) -> dict[str, Claim]:
    """One claim a finding: what was seen before what was not, the surest of several."""
    best: dict[str, Claim] = {}
    for values in claims:
        claim = Claim.from_dict(dict(values))
        if claim.status == "contradicted":
            continue
        kept = best.get(claim.finding)
        if kept is None or _weight(claim) > _weight(kept):
            best[claim.finding] = claim
    return best


def _weight(claim: Claim) -> tuple[bool, bool, float]:
    return claim.is_present, not claim.hedged, claim.confidence or 0.0


def _appeared(then: Claim, now: Claim) -> str | None:
    """New or gone for the findings whose change the vocabulary does not word within a recording."""
    if then.is_present == now.is_present:
        return None
    return "new" if now.is_present else "gone"


def _seizures(document: Mapping[str, Any]) -> dict[str, float]:
    events = [e for e in document["events"] if e["finding"] == "electrographic_seizure"]
    firm = [e for e in events if not e["candidate"]]
    return {
        "n": len(firm),
        "seconds": round(sum(e["duration_s"] for e in firm), 3),
        "n_possible": len(events) - len(firm),
    }


def _cautions(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    then, now = before["recording"], after["recording"]
    told = []
    if then.get("digest") == now.get("digest"):
        told.append("Both are the same recording.")
    lengths = [float(r.get("duration_s") or 0.0) for r in (then, now)]
    if min(lengths) > 0 and max(lengths) / min(lengths) >= 2:
        told.append(
            f"Their lengths differ ({duration(lengths[0])}, {duration(lengths[1])}): what is rare may be "
            "missed in the shorter one."
        )
    lost = sorted(set(then.get("ch_names", ())) ^ set(now.get("ch_names", ())))
    if lost:
        told.append(f"Recorded in one of the two only: {', '.join(lost)}.")
    ages = [r.get("age_years") for r in (then, now)]
    if None not in ages and ages[1] < ages[0]:
        told.append(f"The later recording is of a younger age ({ages[0]:g}, {ages[1]:g} years).")
    makers = [[d["model"].get(k) for k in ("name", "revision", "version")] for d in (before, after)]
    if makers[0] != makers[1]:
        told.append("They were narrated by different models or versions.")
    states = [
        {c["finding"] for c in d["claims"] if c["polarity"] == "present" and _is_state(c["finding"])}
        for d in (before, after)
    ]
    if states[0] != states[1]:
        told.append("Their states differ, and with the state the background changes.")
    return told


def _is_state(finding: str) -> bool:
    return VOCABULARY[finding].group == "state"


def _entry_words(entry: Mapping[str, Any]) -> str:
    name = finding_name(entry["finding"])
    if entry["direction"] == "new":
        return f"**New**: {entry['after']}"
    if entry["direction"] == "gone":
        return f"**Gone**: {entry['before']}"
    direction = entry["direction"].capitalize()
    return f"**{direction}**: {name}. Before: {entry['before']}. After: {entry['after']}"


def _grade(grade: str | None) -> str:
    return grade or "none"


def _listed(findings: Iterable[str]) -> str:
    return ", ".join(VOCABULARY[f].name for f in findings) or "none"
