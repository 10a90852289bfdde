"""Quality of a corpus: what its texts cover, how they vary, what was rejected, where labels differ."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import Any

from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.vocabulary import FINDING_IDS

from .columns import claim_of
from .shards import iter_rows
from .splits import digest
from .writers import contents

SELF_BLEU_TEXTS = 200
SELF_BLEU_REFERENCES = 100
SAMPLE = 2000
_LISTED = 200
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
        unfaithful: Rows whose text does not parse to the worded claims.
        disagreements: Finding to rows in which labels and measurement differ.
        disagreeing: Ids of such rows, the first of them.
        texts: Every paragraph, by hash, with its number.
        words: Words of each paragraph.
        sample: Paragraphs kept for measures of variety, those with the smallest hash of the row's id.
    """

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    recordings: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    subjects: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    coverage: dict[str, Counter[str]] = field(default_factory=dict)
    origins: Counter[str] = field(default_factory=Counter)
    writers: Counter[str] = field(default_factory=Counter)
    unfaithful: list[str] = field(default_factory=list)
    disagreements: Counter[str] = field(default_factory=Counter)
    disagreeing: list[tuple[str, list[str]]] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    words: list[int] = field(default_factory=list)
    sample: list[tuple[str, str]] = field(default_factory=list)

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
                "faithful_share": 1.0 if not n else 1 - len(self.unfaithful) / n,
                "unfaithful": self.unfaithful[:_LISTED],
                "words_mean": round(statistics.fmean(self.words), 1) if self.words else None,
                "words_min": min(self.words, default=None),
                "words_max": max(self.words, default=None),
                "duplicate_share": 0.0 if not n else round(1 - len(self.texts) / n, 4),
                **variety([text for _, text in self.sample]),
                "writers": dict(self.writers),
                "model": counts,
                "model_rejected_share": round(counts.get("rejected", 0) / asked, 4) if asked else None,
            },
            "disagreements": dict(self.disagreements.most_common()),
            "rows_with_disagreement": self.disagreeing[:_LISTED],
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
            quality.unfaithful.append(row["id"])
        if row["disagreements"]:
            quality.disagreements.update(row["disagreements"])
            quality.disagreeing.append((row["id"], list(row["disagreements"])))
        quality.texts[digest(text)] += 1
        quality.words.append(len(text.split()))
        quality.sample.append((digest(row["id"]), text))
        if len(quality.sample) > 2 * SAMPLE:
            quality.sample = nsmallest(SAMPLE, quality.sample)
    quality.sample = nsmallest(SAMPLE, quality.sample)
    return quality


def inspect_shard(path: Path) -> Quality:
    """Count over the rows of one shard."""
    return inspect_rows(iter_rows([path], INSPECTED))


def joined(parts: Iterable[Quality]) -> Quality:
    """Counts of parts as counts of the whole; the same in whatever parts the rows were counted."""
    whole = Quality()
    for part in parts:
        whole.rows.update(part.rows)
        whole.origins.update(part.origins)
        whole.writers.update(part.writers)
        whole.disagreements.update(part.disagreements)
        whole.texts.update(part.texts)
        for sets, more in ((whole.recordings, part.recordings), (whole.subjects, part.subjects)):
            for place, names in more.items():
                sets.setdefault(place, set()).update(names)
        for finding, counts in part.coverage.items():
            whole.coverage.setdefault(finding, Counter()).update(counts)
        whole.unfaithful += part.unfaithful
        whole.disagreeing += part.disagreeing
        whole.words += part.words
        whole.sample = nsmallest(SAMPLE, [*whole.sample, *part.sample])
    return whole


def variety(texts: Sequence[str]) -> dict[str, float | None]:
    """Distinct-n (different n-grams over all, Li et al. 2016) and self-BLEU (Zhu et al. 2018) of paragraphs.

    Self-BLEU is the mean BLEU-4 of a paragraph against others; low is varied. It needs sacrebleu.
    """
    words = [text.lower().split() for text in texts]
    told: dict[str, float | None] = {}
    for n in (1, 2, 3):
        grams = [tuple(w[i : i + n]) for w in words for i in range(len(w) - n + 1)]
        told[f"distinct_{n}"] = round(len(set(grams)) / len(grams), 4) if grams else None
    told["self_bleu"] = _self_bleu(texts)
    return told


def _self_bleu(texts: Sequence[str]) -> float | None:
    try:
        from sacrebleu import BLEU
    except ImportError:
        return None
    if len(texts) < 2:
        return None
    rng = random.Random(0)
    chosen = rng.sample(range(len(texts)), min(SELF_BLEU_TEXTS, len(texts)))
    bleu, scores = BLEU(effective_order=True), []
    for i in chosen:
        others = [
            j for j in rng.sample(range(len(texts)), min(SELF_BLEU_REFERENCES + 1, len(texts))) if j != i
        ]
        scores.append(bleu.sentence_score(texts[i], [texts[j] for j in others]).score)
    return round(statistics.fmean(scores), 2)
