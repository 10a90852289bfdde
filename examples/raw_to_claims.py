"""From an MNE Raw object to a table of claims with their evidence, as CSV on standard output.

python examples/raw_to_claims.py recording.fif [MODEL] > claims.csv
"""

from __future__ import annotations

import csv
import sys

import mne

from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.report.evidence import claim_words, evidence_words

COLUMNS = ("start_s", "end_s", "finding", "polarity", "status", "confidence", "claim", "evidence")


def claims_table(raw: mne.io.BaseRaw, narrator: Narrator) -> list[dict]:
    """One row per claim of a segment."""
    rows = []
    for window in narrator.narrate(raw).windows:
        for claim in (claim.to_dict() for claim in window.claims):
            words = {"claim": claim_words(claim), "evidence": evidence_words(claim["evidence"])}
            rows.append({name: {**claim, **words}[name] for name in COLUMNS})
    return rows


def main(path: str, model: str | None = None) -> None:
    raw = mne.io.read_raw(path, verbose="error")
    table = csv.DictWriter(sys.stdout, COLUMNS)
    table.writeheader()
    table.writerows(claims_table(raw, Narrator.from_pretrained(model)))


if __name__ == "__main__":
    main(*sys.argv[1:])
