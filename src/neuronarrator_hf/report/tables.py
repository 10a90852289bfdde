"""Tidy tables for analysis: one row a segment, one row a claim, one row a channel and band of a segment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..findings.vocabulary import FINDING_IDS
from ..signal.spectral import BANDS_HZ
from .overview import SignalSummary

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("segments", "claims", "bands")


def segment_table(document: Mapping[str, Any]) -> pd.DataFrame:
    """One row a segment: times, text, quality, and the probability of every finding as `p_<finding>`."""
    import pandas as pd

    rows = []
    for index, chunk in enumerate(document["chunks"]):
        quality = chunk["quality"]
        rows.append(
            {
                "segment": index,
                "start_s": chunk["timestamp"][0],
                "end_s": chunk["timestamp"][1],
                "assessable": bool(quality.get("assessable", True)),
                "n_claims": len(chunk["claims"]),
                "n_contradicted": sum(c["status"] == "contradicted" for c in chunk["claims"]),
                "text": chunk["text"],
                **{f"p_{finding}": chunk["probabilities"].get(finding, np.nan) for finding in FINDING_IDS},
            }
        )
    columns = ["segment", "start_s", "end_s", "assessable", "n_claims", "n_contradicted", "text"]
    return pd.DataFrame(rows, columns=[*columns, *(f"p_{finding}" for finding in FINDING_IDS)])


def claim_table(document: Mapping[str, Any]) -> pd.DataFrame:
    """One row a claim: those of the segments, and those of the recording with `segment` missing."""
    import pandas as pd

    rows = [_claim_row(None, claim) for claim in document["claims"]]
    for index, chunk in enumerate(document["chunks"]):
        rows += [_claim_row(index, claim) for claim in chunk["claims"]]
    frame = pd.DataFrame(rows, columns=list(_claim_row(None, _NO_CLAIM)))
    return frame.astype({"segment": "Int64"})


def band_table(summary: SignalSummary) -> pd.DataFrame:
    """One row a channel and band of a segment: `power_uv2`, against the average reference where one is made.

    Channels that could not be used in a segment have no row.
    """
    import pandas as pd

    power = summary.band_power_uv2
    n_windows, n_channels, n_bands = power.shape
    low, high = np.array(list(BANDS_HZ.values()), dtype=float).T
    frame = pd.DataFrame(
        {
            "start_s": np.repeat(summary.start_s, n_channels * n_bands),
            "channel": np.tile(np.repeat(summary.ch_names, n_bands), n_windows).astype(object),
            "band": np.tile(list(BANDS_HZ), n_windows * n_channels).astype(object),
            "low_hz": np.tile(low, n_windows * n_channels),
            "high_hz": np.tile(high, n_windows * n_channels),
            "power_uv2": power.reshape(-1),
        }
    )
    return frame.dropna(subset=["power_uv2"]).reset_index(drop=True)


def write_tables(
    paths: Mapping[str, Path], document: Mapping[str, Any], summary: SignalSummary | None
) -> None:
    """Write the tables.

    Args:
        paths: Kind of `KINDS` to path; `.parquet` or else CSV.
        document: A narration in the form of its JSON.
        summary: Of the recording; without it there is no table of bands.
    """
    frames = {"segments": segment_table(document), "claims": claim_table(document)}
    if summary is not None:
        frames["bands"] = band_table(summary)
    for kind, frame in frames.items():
        if paths[kind].suffix == ".parquet":
            frame.to_parquet(paths[kind], index=False)
        else:
            frame.to_csv(paths[kind], index=False)


def _claim_row(segment: int | None, claim: Mapping[str, Any]) -> dict[str, Any]:
    frequency, amplitude = claim["frequency_hz"] or (None, None), claim["amplitude_uv"] or (None, None)
    return {
        "segment": segment,
        "start_s": claim["start_s"],
        "end_s": claim["end_s"],
        "finding": claim["finding"],
        "polarity": claim["polarity"],
        "hedged": claim["hedged"],
        "side": claim["side"],
        "regions": ",".join(claim["regions"]),
        "frequency_low_hz": frequency[0],
        "frequency_high_hz": frequency[1],
        "amplitude_low_uv": amplitude[0],
        "amplitude_high_uv": amplitude[1],
        "prevalence": claim["prevalence"],
        "change": claim["change"]["direction"] if claim["change"] else None,
        "confidence": claim["confidence"],
        "status": claim["status"],
    }


_NO_CLAIM: dict[str, Any] = {
    "start_s": None, "end_s": None, "finding": "", "polarity": "", "hedged": False, "side": None,
    "regions": (), "frequency_hz": None, "amplitude_uv": None, "prevalence": None, "change": None,
    "confidence": None, "status": "",
}  # fmt: skip
"""Names the columns of a table without rows."""
