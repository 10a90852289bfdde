"""Runs a benchmark over a public source: hears its segments, fits the baselines, scores every route."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..corpus.sources import RecordingRef, source_named
from .label_prompts import LabelPrompt, read_label_prompts
from .multiclass import pool_probabilities, score_classes, vote_divergence
from .provenance import files_digest
from .published import published_figures
from .routes import Routes
from .segments import HeardSegment, RecordingError, hear_reference
from .seizure_events import merge_events, score_events
from .selective import selective_scores
from .task import UNSCORED, Task
from .task_controls import run_task_controls

_PARTS = ("train", "test")
_N_TEXTS = 50


def run_task(
    task: Task,
    voice: Any,
    root: str | Path,
    *,
    limit: int | None = None,
    per_recording: int | None = None,
    worded: bool = True,
    also: Sequence[str] = (),
    peers: Sequence[str] = (),
    model: str | Path | None = None,
    controls: bool = True,
    prompts: str | Path | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Everything a benchmark tells of a model, as plain JSON values.

    Args:
        task: The declaration.
        voice: A `Voice` of the engine.
        root: Folder of the source.
        limit: Recordings at most of each part, the first in the source's order.
        per_recording: Segments at most of each recording; events are then not scored.
        worded: Let the model word the test part.
        also: Optional routes (`routes.OPTIONAL`).
        peers: Published encoders for a linear probe each.
        model: Where the model was loaded from.
        controls: Run the controls.
        prompts: File of label prompts in place of the one shipped.
        n_bootstrap: Resamples of persons for the 95 % intervals.
        seed: Of resampling and controls.

    Raises:
        ValueError: The folder is not that of the source, or its test part holds no labelled segment.
    """
    labels = read_label_prompts(task.name, prompts)
    routes = Routes.prepare(labels, voice, also=also, peers=peers, model=model)
    refs = _choose(task, root, limit)
    heard: dict[str, list[HeardSegment]] = {part: [] for part in _PARTS}
    refused: list[str] = []
    for part in _PARTS:
        for ref in refs[part]:
            try:
                heard[part] += hear_reference(
                    task, ref, voice, worded=worded and part == "test", witnesses=part == "test",
                    extra=routes.extra, max_segments=per_recording,
                )  # fmt: skip
            except RecordingError as error:
                refused.append(str(error))
    train = [h for h in heard["train"] if h.segment.label != UNSCORED]
    test = [h for h in heard["test"] if h.segment.label != UNSCORED]
    if not test:
        raise ValueError(
            f"{root}: no labelled segment in the test part ({task.split_origin}) of "
            f"{len(refs['test'])} recordings; refused: {refused[0] if refused else 'none'}"
        )
    routes.fit(train)
    truth, groups = routes.truth(test), [h.ref.person for h in test]
    result: dict[str, Any] = {
        "benchmark": task.name,
        "source": task.source,
        "split": task.split_origin,
        "classes": [p.label for p in labels],
        "figures": list(task.figures),
        "counts": {part: _counts(refs[part], heard[part]) for part in _PARTS},
        "data_digest": files_digest((r.recording_id, r.path) for part in _PARTS for r in refs[part]),
        "refused": refused,
        "warnings": _warnings(train, test, [p.label for p in labels]),
        "routes": {},
    }
    for name, p in routes.predict(test).items():
        scores = score_classes(
            p,
            truth,
            result["classes"],
            groups=groups,
            positive=task.positive,
            n_bootstrap=n_bootstrap,
            seed=seed,
        )
        entry: dict[str, Any] = {"segments": scores, "selective": selective_scores(p, truth)}
        if test[0].segment.votes:
            entry["segments"]["vote_divergence"] = _divergence(p, test, labels, result["classes"])
        if task.by_recording:
            entry["recordings"] = _by_recording(p, test, truth, result["classes"], task, n_bootstrap, seed)
        result["routes"][name] = entry
    if task.events is not None and per_recording is None:
        for name, p in routes.predict(heard["test"]).items():
            result["routes"][name]["events"] = _events(p, heard["test"], labels, task, n_bootstrap, seed)
    if controls:
        result["controls"] = run_task_controls(routes, voice, test, worded=worded, seed=seed)
    result["texts"] = _texts(test)
    result["missing"] = dict(routes.missing)
    result["as_published"] = published_figures(task.name)
    return result


def _choose(task: Task, root: str | Path, limit: int | None) -> dict[str, list[RecordingRef]]:
    chosen: dict[str, list[RecordingRef]] = defaultdict(list)
    for ref in source_named(task.source).recordings(root):
        part = task.split(ref)
        if part not in _PARTS or not (ref.annotations or ref.assertions):
            continue
        if limit is None or len(chosen[part]) < limit:
            chosen[part].append(ref)
    return chosen


def _counts(refs: Sequence[RecordingRef], heard: Sequence[HeardSegment]) -> dict[str, Any]:
    return {
        "recordings": len(refs),
        "persons": len({r.person for r in refs}),
        "segments": dict(Counter(h.segment.label or "unscored" for h in heard)),
    }


def _warnings(
    train: Sequence[HeardSegment], test: Sequence[HeardSegment], classes: Sequence[str]
) -> list[str]:
    """What makes figures mean less than they seem to."""
    told = []
    for part, heard, what in (("test", test, "figures"), ("training", train, "regressions")):
        seen = {h.segment.label for h in heard}
        missing = [name for name in classes if name not in seen]
        if missing:
            told.append(f"the {part} part holds no {', '.join(missing)}: {what} tell nothing of it")
    if len({h.ref.person for h in test}) < 2:
        told.append("the test part is one person: there are no intervals over persons")
    return told


def _texts(heard: Sequence[HeardSegment]) -> list[dict[str, Any]]:
    """What was said of some segments, evenly spread, for readers and for a judge."""
    rows = np.unique(np.linspace(0, len(heard) - 1, min(len(heard), _N_TEXTS)).astype(int))
    return [
        {
            "recording": heard[i].ref.recording_id,
            "start_s": heard[i].segment.start_s,
            "label": heard[i].segment.label,
            "texts": heard[i].texts,
        }
        for i in rows
        if heard[i].texts
    ]


def _divergence(
    p: np.ndarray, heard: Sequence[HeardSegment], labels: Sequence[LabelPrompt], classes: Sequence[str]
) -> float | None:
    """Divergence from the votes; an abstention spreads itself evenly."""
    votes = np.array([h.segment.votes for h in heard])
    filled = np.where(np.isnan(p), 1 / len(classes), p)
    return vote_divergence(filled, votes)


def _by_recording(
    p: np.ndarray,
    heard: Sequence[HeardSegment],
    truth: np.ndarray,
    classes: Sequence[str],
    task: Task,
    n_bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    members: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(heard):
        members[one.ref.recording_id].append(i)
    rows = [np.array(m) for m in members.values()]
    return score_classes(
        pool_probabilities(p, rows),
        np.array([truth[m[0]] for m in rows]),
        classes,
        groups=[heard[m[0]].ref.person for m in rows],
        positive=task.positive,
        n_bootstrap=n_bootstrap,
        seed=seed,
    )


def _events(
    p: np.ndarray,
    heard: Sequence[HeardSegment],
    labels: Sequence[LabelPrompt],
    task: Task,
    n_bootstrap: int,
    seed: int,
) -> dict[str, Any]:
    """SzCORE of the segments in which the positive class is likelier than not, joined where they touch."""
    assert task.events is not None
    column = [label.label for label in labels].index(str(task.positive))
    by_recording: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(heard):
        by_recording[one.ref.recording_id].append(i)
    said, true, durations, groups = [], [], [], []
    for rows in by_recording.values():
        ref = heard[rows[0]].ref
        found = [heard[i].segment for i in rows if p[i, column] > 0.5]
        said.append(merge_events((s.start_s, s.end_s) for s in found))
        true.append(task.events(ref))
        durations.append(max(heard[i].segment.end_s for i in rows))
        groups.append(ref.person)
    return score_events(said, true, durations, groups=groups, n_bootstrap=n_bootstrap, seed=seed)
