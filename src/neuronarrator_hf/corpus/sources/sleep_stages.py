"""Sleep stages of hypnograms as claims: a scored stage excludes the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from neuronarrator_hf.findings.schema import Claim

from .source import Annotation

_STAGES = {
    "W": None,
    "1": "n1_sleep", "2": "n2_sleep", "3": "n3_sleep", "4": "n3_sleep", "R": "rem_sleep",
    "N1": "n1_sleep", "N2": "n2_sleep", "N3": "n3_sleep",
}  # fmt: skip
"""Stage words after `Sleep stage`; stages 3 and 4 of Rechtschaffen and Kales are N3 of the AASM."""
SLEEP_IDS = ("n1_sleep", "n2_sleep", "n3_sleep", "rem_sleep")
_AWAKE_IDS = ("eyes_open", "eyes_closed")


def stage_claims(annotations: Iterable[Annotation]) -> Iterator[Claim]:
    """The claims of scored stages; wake says only that no sleep is there, not whether the eyes are open."""
    for annotation in annotations:
        word = annotation.label.removeprefix("Sleep stage ").strip()
        if not annotation.label.startswith("Sleep stage ") or word not in _STAGES:
            continue
        scored = _STAGES[word]
        start_s, end_s = annotation.start_s, annotation.end_s
        if scored is not None:
            yield Claim(scored, "present", start_s=start_s, end_s=end_s)
        for finding in (*SLEEP_IDS, *(_AWAKE_IDS if scored is not None else ())):
            if finding != scored:
                yield Claim(finding, "absent", start_s=start_s, end_s=end_s)
