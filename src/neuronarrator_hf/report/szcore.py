"""Seizures as the `events.tsv` of SzCORE, the format in which seizure detectors are compared.

Dan et al., "SzCORE: seizure community open-source research evaluation framework", Epilepsia 2024: one row a
seizure, or one row `bckg` over the whole recording where there is none.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLUMNS = ("onset", "duration", "eventType", "confidence", "channels", "dateTime", "recordingDuration")
MISSING = "n/a"


def szcore_rows(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the table.

    Seizures that meet the definition count; candidates do not. The date is not available: narrations carry
    none.
    """
    seizures = [
        e for e in document["events"] if e["finding"] == "electrographic_seizure" and not e["candidate"]
    ]
    total = f"{float(document['recording']['duration_s']):.2f}"
    if not seizures:
        return [_row(0.0, float(total), "bckg", None, (), total)]
    return [
        _row(e["onset_s"], e["duration_s"], "sz", e["confidence"], e["channels"], total) for e in seizures
    ]


def write_szcore(path: Path, document: Mapping[str, Any]) -> None:
    """Write the table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(szcore_rows(document))


def _row(
    onset_s: float, duration_s: float, kind: str, confidence: float | None, channels: Any, total: str
) -> dict[str, str]:
    return {
        "onset": f"{onset_s:.2f}",
        "duration": f"{duration_s:.2f}",
        "eventType": kind,
        "confidence": MISSING if confidence is None else f"{confidence:.2f}",
        "channels": ",".join(channels) or MISSING,
        "dateTime": MISSING,
        "recordingDuration": total,
    }
