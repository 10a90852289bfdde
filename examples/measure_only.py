"""Measure findings without any model: what is present in each 10 s of a recording, and on what evidence.

python examples/measure_only.py recording.edf [AGE_YEARS]
"""

from __future__ import annotations

import sys

from neuronarrator_hf.findings.measure import measure_windows
from neuronarrator_hf.recording.reading import read_recording
from neuronarrator_hf.recording.windows import iter_windows
from neuronarrator_hf.report.evidence import claim_words, evidence_words


def main(path: str, age_years: str | None = None) -> None:
    age = None if age_years is None else float(age_years)
    with read_recording(path) as recording:
        for block in iter_windows(recording):  # in constant memory, whatever the length
            for window in measure_windows(block, age_years=age):
                print(f"{window.start_s:g} to {window.end_s:g} s")
                for claim in window.claims.values():
                    if claim.is_present:
                        told = claim.to_dict()
                        print(f"    {claim_words(told)} ({evidence_words(told['evidence'])})")


if __name__ == "__main__":
    main(*sys.argv[1:])
