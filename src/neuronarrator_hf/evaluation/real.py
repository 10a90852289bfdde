"""The evaluation on expert-labelled real recordings: pages with captions, clips with votes, awake rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from ..findings.vocabulary import FINDING_IDS
from ..signal.windows import EEGWindows
from .band_power import Probe, band_power_features, leave_group_out
from .classification import macro_scores, pool_logits, vote_scores
from .expert_labels import CAPTION_FINDINGS, VOTE_CLASSES, VOTE_FINDINGS, LabelledRecording
from .intervals import percentile_interval, resample_groups
from .listening import Heard, listen
from .simulated import combine_arrays

_LIMIT = 1e-3
WITNESSES = ("network", "measurements", "combined")
BAND_POWER = "band power, regression"
TEXTS = {"text of the model": "off", "text after repair": "repair"}
_PDR = "posterior_dominant_rhythm"


@dataclass
class HeardRecording:
    """A labelled recording, the windows of its labelled part, and their EEG."""

    labelled: LabelledRecording
    windows: list[Heard]
    blocks: list[EEGWindows] = field(default_factory=list)

    def probabilities(self) -> dict[str, np.ndarray]:
        """Per witness the probability of every finding on the labelled part: mean logit over its windows.

        NaN where nothing was assessed.
        """
        network = np.stack([w.network_array() for w in self.windows])
        measured = np.stack([w.measured_array() for w in self.windows])
        both = combine_arrays(network, measured)
        return {
            name: pool_logits(values)
            for name, values in zip(WITNESSES, (network, measured, both), strict=True)
        }

    def said(self, mode: str) -> set[str]:
        """Findings that the text of any window asserts unhedged, after a mode of verification."""
        checked = [w.checked(mode) for w in self.windows]
        return {c.finding for one in checked for c in one.claims if c.is_present and not c.hedged}

    def claimed(self, mode: str) -> np.ndarray:
        """`said` as 0 or 1 per finding of the vocabulary."""
        said = self.said(mode)
        return np.array([float(finding in said) for finding in FINDING_IDS])


def hear_recordings(
    voice: Any, labelled: Sequence[LabelledRecording], *, worded: bool = True
) -> list[HeardRecording]:
    """Read, measure and narrate the labelled part of every recording; unreadable ones are left out."""
    from ..recording.reading import RecordingError, read_recording
    from ..recording.windows import iter_windows

    read: list[tuple[LabelledRecording, list[EEGWindows]]] = []
    for one in labelled:
        start_s, stop_s = one.span_s
        try:
            recording = read_recording(one.path)
            end_s = stop_s if np.isfinite(stop_s) else None
            blocks = list(iter_windows(recording, start_s=start_s or None, stop_s=end_s))
        except RecordingError as error:
            print(f"not evaluated: {error}")
            continue
        read.append((one, blocks))
    return hear_labelled(voice, read, worded=worded)


def hear_labelled(
    voice: Any, read: Sequence[tuple[LabelledRecording, list[EEGWindows]]], *, worded: bool = True
) -> list[HeardRecording]:
    """Measure and narrate recordings that were read, all in one call, so that workers may share them."""
    heard = iter(listen(voice, [block for _, blocks in read for block in blocks], worded=worded))
    return [HeardRecording(one, list(islice(heard, sum(map(len, blocks)))), blocks) for one, blocks in read]


@dataclass
class PageTruth:
    """What captions say and deny of pages, `(n_pages, n_findings)` over `CAPTION_FINDINGS`."""

    truth: np.ndarray
    known: np.ndarray
    groups: list[str]

    @classmethod
    def of(cls, heard: Sequence[HeardRecording]) -> PageTruth:
        """Of heard pages."""
        said = [[h.labelled.presence.get(f) for f in CAPTION_FINDINGS] for h in heard]
        return cls(
            np.array([[bool(v) for v in row] for row in said]),
            np.array([[v is not None for v in row] for row in said]),
            [h.labelled.group for h in heard],
        )

    def score(self, p: np.ndarray, rows: np.ndarray | None = None) -> dict[str, Any]:
        """F1 and AUROC of probabilities over `CAPTION_FINDINGS`."""
        at = np.arange(len(p)) if rows is None else rows
        return macro_scores(p[at], self.truth[at], CAPTION_FINDINGS, known=self.known[at])

    def constant(self) -> np.ndarray:
        """What a caption most often says, for every page."""
        return np.tile(self.truth.mean(0) >= 0.5, (len(self.truth), 1)).astype(float)


def page_tables(heard: Sequence[HeardRecording], *, worded: bool = True) -> dict[str, np.ndarray]:
    """Per witness, and per text, `(n_pages, n_findings)` over `CAPTION_FINDINGS`."""
    columns = [FINDING_IDS.index(f) for f in CAPTION_FINDINGS]
    tables = _witness_tables(heard)
    if worded:
        tables |= {name: np.stack([h.claimed(mode) for h in heard]) for name, mode in TEXTS.items()}
    return {name: p[:, columns] for name, p in tables.items()}


def score_pages(heard: Sequence[HeardRecording], *, n_bootstrap: int = 300) -> dict[str, Any]:
    """Captioned pages: F1 and AUROC per finding and their means over findings with two positives or more.

    The band-power regression predicts every patient from the others.
    """
    pages = PageTruth.of(heard)
    tables = page_tables(heard)
    tables[BAND_POWER] = np.stack(
        [leave_group_out(_features(heard), column, pages.groups) for column in pages.truth.T], axis=1
    )
    result: dict[str, Any] = {"pages": len(heard)}
    for name, p in tables.items():
        scores = pages.score(p)
        drawn = [pages.score(p, rows) for rows in resample_groups(pages.groups, n_bootstrap)]
        scores["interval_95"] = {
            figure: percentile_interval([d[figure] for d in drawn]) for figure in ("macro_f1", "macro_auroc")
        }
        result[name] = scores
    result["always_most_frequent"] = pages.score(pages.constant())
    return result


def score_clips(heard: Sequence[HeardRecording], *, n_bootstrap: int = 300) -> dict[str, Any]:
    """Voted clips: agreement with the majority, share of the votes won, cross-entropy to the votes."""
    votes = np.array([[h.labelled.votes[c] for c in VOTE_CLASSES] for h in heard], float)
    groups = [h.labelled.group for h in heard]
    tables = {name: class_probabilities(p) for name, p in _witness_tables(heard).items()}
    tables[BAND_POWER] = _vote_regression(_features(heard), votes, groups)
    marginal = votes.sum(0) / votes.sum()
    tables["marginal_prior"] = np.tile(marginal, (len(votes), 1))
    result: dict[str, Any] = {"clips": len(heard)}
    for name, p in tables.items():
        result[name] = vote_scores(p, votes)
        drawn = [vote_scores(p[rows], votes[rows]) for rows in resample_groups(groups, n_bootstrap)]
        result[name]["interval_95"] = {
            figure: percentile_interval([d[figure] for d in drawn])
            for figure in ("majority_agreement", "vote_share", "cross_entropy")
        }
    return result


def _features(heard: Sequence[HeardRecording]) -> np.ndarray:
    return np.stack(
        [np.nanmean(np.concatenate([band_power_features(b) for b in h.blocks]), axis=0) for h in heard]
    )


def _vote_regression(features: np.ndarray, votes: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """Shares of the votes by a regression on the majority of the other recordings."""
    top, names = votes.argmax(1), np.array(groups)
    out = np.zeros(votes.shape)
    for group in np.unique(names):
        held = names == group
        out[held] = Probe(features[~held], top[~held], votes.shape[1]).predict(features[held])
    return out


def class_probabilities(p: np.ndarray) -> np.ndarray:
    """Probabilities `(n, n_findings)` as shares of the vote classes: odds against `other`."""
    columns = [FINDING_IDS.index(VOTE_FINDINGS[c]) for c in VOTE_CLASSES if c != "other"]
    chosen = np.clip(p[:, columns], _LIMIT, 1 - _LIMIT)
    odds = np.concatenate([chosen / (1 - chosen), np.ones((len(p), 1))], axis=1)
    return odds / odds.sum(1, keepdims=True)


def _witness_tables(heard: Sequence[HeardRecording]) -> dict[str, np.ndarray]:
    """Per witness that spoke at all `(n, n_findings)`; what was not assessed is not there."""
    rows = [h.probabilities() for h in heard]
    tables = {name: np.stack([row[name] for row in rows]) for name in WITNESSES}
    return {name: np.nan_to_num(p) for name, p in tables.items() if not np.isnan(p).all()}


def score_awake(heard: Sequence[HeardRecording]) -> dict[str, Any]:
    """Awake rest: the rhythm of the repaired text against the measured one, and false abnormal claims."""
    rows: list[dict[str, Any]] = []
    for one in heard:
        final = [window.checked("repair").claims for window in one.windows]
        stated = [
            float(np.mean(c.frequency_hz))
            for claims in final
            for c in claims
            if c.finding == _PDR and c.is_present and c.frequency_hz
        ]
        measured = [
            float(np.mean(c.frequency_hz))
            for w in one.windows
            for c in (w.measurement.claims[_PDR],)
            if c.is_present and c.frequency_hz
        ]
        abnormal = np.mean(
            [any(c.finding == "abnormal" and c.is_present for c in claims) for claims in final]
        )
        peak = float(np.median(measured)) if measured else None
        rows.append(
            {
                "file": one.labelled.path.name,
                "state": one.labelled.state,
                "windows": len(one.windows),
                "pdr_stated": len(stated),
                "pdr_text_hz": float(np.median(stated)) if stated else None,
                "pdr_measured_hz": peak,
                "error_hz": abs(float(np.median(stated)) - peak) if stated and peak is not None else None,
                "called_abnormal": float(abnormal),
            }
        )
    errors = [r["error_hz"] for r in rows if r["error_hz"] is not None]
    return {
        "recordings": rows,
        "mean_error_hz": float(np.mean(errors)) if errors else None,
        "called_abnormal": float(np.mean([r["called_abnormal"] for r in rows])) if rows else None,
    }


def claims_table(heard: Sequence[HeardRecording]) -> list[dict[str, Any]]:
    """Per recording: what the experts said, what the repaired text claimed, how far apart the two are."""
    rows = []
    for one in heard:
        presence = one.labelled.presence
        said = one.said("repair")
        true = {f for f, yes in presence.items() if yes}
        rows.append(
            {
                "file": f"{one.labelled.source}/{one.labelled.path.name}",
                "experts": sorted(true),
                "votes": {k: v for k, v in one.labelled.votes.items() if v},
                "claimed": sorted(said),
                "missed": sorted(true - said),
                "wrong": sorted(f for f in said if presence.get(f) is False),
                "texts": [w.checked("repair").text for w in one.windows[:3]],
                "texts_of_the_model": [w.text for w in one.windows[:3]],
            }
        )
    return rows
