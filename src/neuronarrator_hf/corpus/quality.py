"""Quality of a corpus: what its texts cover, how they vary, what was rejected, where labels differ."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import Any

from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.vocabulary import FINDING_IDS

from .columns import claim_of
from .shards import iter_rows
from .splits import digest
from .variety import variety
from .writers import contents

SAMPLE = 2000
LISTED = 200
"""Rows that are named where something is wrong with them; the rest are counted."""
INSPECTED = ("id", "source", "split", "recording", "subject", "claims", "disagreements", "text", "writer")
"""Columns that `inspect_rows` reads."""


@dataclass
class Quality:
    """Counts over the rows of a corpus.

    Attributes:
        rows: `(source, split)` to rows.
        recordings: `(source, split)` to recordings.
        subjects: `(source, split)` to persons.
        coverage: Finding to polarity to rows.
        origins: Origin of present claims to their number.
        n_unfaithful: Rows whose text does not parse to the worded claims.
        unfaithful: Their ids, the first of them.
        disagreements: Finding to rows in which labels and measurement differ.
        n_disagreeing: Rows in which they differ on any finding.
        disagreeing: Their ids with the findings, the first of them.
        texts: The different paragraphs, as 8 bytes of their hash.
        words: Number of words to paragraphs of that length.
        sample: Paragraphs kept for measures of variety, those with the smallest hash of the row's id.
    """

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    recordings: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    subjects: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    coverage: dict[str, Counter[str]] = field(default_factory=dict)
    origins: Counter[str] = field(default_factory=Counter)
    writers: Counter[str] = field(default_factory=Counter)
    n_unfaithful: int = 0
    unfaithful: list[str] = field(default_factory=list)
    disagreements: Counter[str] = field(default_factory=Counter)
    n_disagreeing: int = 0
    disagreeing: list[tuple[str, list[str]]] = field(default_factory=list)
    texts: set[int] = field(default_factory=set)
    words: Counter[int] = field(default_factory=Counter)
    sample: list[tuple[str, str]] = field(default_factory=list)

    def shorten(self) -> None:
        """Keep of what is listed as much as is told, the same whatever order it came in."""
        self.unfaithful = nsmallest(LISTED, self.unfaithful)
        self.disagreeing = nsmallest(LISTED, self.disagreeing)
        self.sample = nsmallest(SAMPLE, self.sample)

    def to_dict(self, counts: Mapping[str, int] | None = None) -> dict[str, Any]:
        """The report as plain values; `counts` are those of a language-model writer."""
        n = sum(self.rows.values())
        counts = dict(counts or {})
        asked = counts.get("accepted", 0) + counts.get("rejected", 0)
        return {
            "n_rows": n,
            "sources": {
                f"{source}/{split}": {
                    "rows": rows,
                    "recordings": len(self.recordings[source, split]),
                    "persons": len(self.subjects[source, split]),
                    "hours": round(rows / 360, 2),
                }
                for (source, split), rows in sorted(self.rows.items())
            },
            "coverage": {f: dict(self.coverage[f]) for f in FINDING_IDS if f in self.coverage},
            "present_claims_by_origin": dict(self.origins),
            "text": {
                "faithful_share": 1.0 if not n else 1 - self.n_unfaithful / n,
                "unfaithful": self.unfaithful,
                "words_mean": round(statistics.fmean(self.words, self.words.values()), 1) if n else None,
                "words_min": min(self.words, default=None),
                "words_max": max(self.words, default=None),
                "duplicate_share": 0.0 if not n else round(1 - len(self.texts) / n, 4),
                **variety([text for _, text in self.sample]),
                "writers": dict(self.writers),
                "model": counts,
                "model_rejected_share": round(counts.get("rejected", 0) / asked, 4) if asked else None,
            },
            "disagreements": dict(self.disagreements.most_common()),
            "n_rows_with_disagreement": self.n_disagreeing,
            "rows_with_disagreement": self.disagreeing,
        }


def inspect_rows(rows: Iterable[Mapping[str, Any]]) -> Quality:
    """Count over rows, in one pass."""
    quality = Quality()
    for row in rows:
        place = (row["source"], row["split"])
        quality.rows[place] += 1
        quality.recordings.setdefault(place, set()).add(row["recording"])
        quality.subjects.setdefault(place, set()).add(row["subject"])
        quality.writers[row["writer"]] += 1
        worded = []
        for entry in row["claims"]:
            quality.coverage.setdefault(entry["finding"], Counter())[entry["polarity"]] += 1
            if entry["polarity"] == "present":
                quality.origins[entry["origin"]] += 1
            if entry["worded"]:
                worded.append(claim_of(entry))
        text = row["text"]
        if contents(parse(text)) != contents(worded):
            quality.n_unfaithful += 1
            quality.unfaithful.append(row["id"])
        if row["disagreements"]:
            quality.disagreements.update(row["disagreements"])
            quality.n_disagreeing += 1
            quality.disagreeing.append((row["id"], list(row["disagreements"])))
        quality.texts.add(int(digest(text), 16))
        quality.words[len(text.split())] += 1
        quality.sample.append((digest(row["id"]), text))
        if len(quality.sample) > 2 * SAMPLE:
            quality.shorten()
    quality.shorten()
    return quality


def inspect_shard(path: Path) -> Quality:
    """Count over the rows of one shard."""
    return inspect_rows(iter_rows([path], INSPECTED))


def joined(parts: Iterable[Quality]) -> Quality:
    """Counts of parts as counts of the whole; the same in whatever parts and order the rows were counted."""
    whole = Quality()
    for part in parts:
        whole.rows.update(part.rows)
        whole.origins.update(part.origins)
        whole.writers.update(part.writers)
        whole.disagreements.update(part.disagreements)
        whole.words.update(part.words)
        for sets, more in ((whole.recordings, part.recordings), (whole.subjects, part.subjects)):
            for place, names in more.items():
                sets.setdefault(place, set()).update(names)
        for finding, counts in part.coverage.items():
            whole.coverage.setdefault(finding, Counter()).update(counts)
        whole.texts |= part.texts
        whole.n_unfaithful += part.n_unfaithful
        whole.n_disagreeing += part.n_disagreeing
        whole.unfaithful += part.unfaithful
        whole.disagreeing += part.disagreeing
        whole.sample += part.sample
        whole.shorten()
    return whole
