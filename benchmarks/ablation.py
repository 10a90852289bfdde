"""What each part of the method brings: the same data, steps and held-out recordings, one thing changed.

python -m benchmarks.ablation --runs runs/ablation [--config micro] [--arms NAME ...] [--set KEY=VALUE ...]

Stage `language` is trained once, stage `align` once per kind of input, then stage `narrate` once per arm,
each with the steps of the preset. An arm that is done is not trained again; the table is of all arms done.
Every figure is of free-running text (greedy), on recordings of seeds that neither training nor the choice
of checkpoints uses.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

HELD_OUT_SET, RETRIEVED = 920, 256


@dataclass(frozen=True)
class Arm:
    """One row: what differs from the whole method.

    Attributes:
        align: Overrides under which stage `align` is trained; None leaves the stage out.
        narrate: Further overrides of stage `narrate`.
    """

    align: tuple[str, ...] | None = ()
    narrate: tuple[str, ...] = ()


_NO_MAPS = (
    "model.use_topomap=false",
    "stages.align.weights.alignment=0",
    "stages.narrate.weights.alignment=0",
)
ARMS = {
    "whole method": Arm(),
    "history: three windows in the prompt": Arm(narrate=("model.history=prompt",)),
    "history: none": Arm(narrate=("model.history=none",)),
    "language model frozen": Arm(narrate=("stages.narrate.freeze=[language_model]",)),
    "language model by LoRA (rank 16)": Arm(narrate=("stages.narrate.lora={rank: 16}",)),
    "without stage align": Arm(align=None),
    "without maps": Arm(align=_NO_MAPS),
    "without spectra": Arm(align=("model.waveform_config.use_spectra=false",)),
}


def train_language(config: str, folder: Path, overrides: list[str]) -> Path:
    """The stage that all arms share, trained where it is lacking; the folder of its model."""
    from neuronarrator_hf.training.run import run

    language = folder / "shared" / "language" / "final"
    if not (language / "training.json").is_file():
        run("language", config, runs=folder / "shared", overrides=overrides)
    return language


def train_arm(name: str, config: str, folder: Path, overrides: list[str]) -> Path:
    """Train what the arm still lacks; the folder of its model."""
    from neuronarrator_hf.training.run import run

    arm, own = ARMS[name], folder / "narrate" / _slug(name)
    start = language = train_language(config, folder, overrides)
    if arm.align is not None:
        seen = folder / "align" / (_slug(" ".join(arm.align)) or "all")
        start = seen / "align" / "final"
        if not (start / "training.json").is_file():
            run("align", config, runs=seen, init=language, overrides=[*overrides, *arm.align])
    final = own / "narrate" / "final"
    if not (final / "training.json").is_file():
        run("narrate", config, runs=own, init=start, overrides=[*overrides, *(arm.align or ()), *arm.narrate])
    return final


def score(folder: Path, n_recordings: int, n_windows: int) -> dict[str, Any]:
    """Figures of a model's free-running texts and embeddings on the held-out recordings."""
    import numpy as np
    import torch

    from neuronarrator_hf.evaluation.claims import score_claims
    from neuronarrator_hf.evaluation.held_out import held_out
    from neuronarrator_hf.evaluation.retrieval import score_retrieval
    from neuronarrator_hf.evaluation.text_overlap import score_overlap
    from neuronarrator_hf.findings.parse import parse
    from neuronarrator_hf.training.data import narrate_truth
    from neuronarrator_hf.training.parts import load_parts
    from neuronarrator_hf.training.texts import speak

    recordings = held_out(n_recordings, n_windows, HELD_OUT_SET)
    parts = load_parts(folder)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parts.model.eval().to(device)
    parts.alignment.to(device)
    inputs = parts.encode(recordings.eeg_uv, np.ones(recordings.eeg_uv.shape[:3], bool))
    tokens, waveforms, maps = [], [], []
    with torch.no_grad():
        for start in range(0, n_recordings, 16):
            part = {name: value[start : start + 16].to(device) for name, value in inputs.items()}
            features = parts.model.get_window_features(**part)
            tokens.append(features.window_tokens.flatten(0, 1))
            waveform, topomap, _ = parts.alignment(
                features.embeddings.flatten(0, 1), part["topomap_values"].flatten(0, 1)
            )
            waveforms.append(waveform.cpu().numpy())
            maps.append(topomap.cpu().numpy())
    texts = speak(parts.model, torch.cat(tokens), parts.prompt_ids, parts.processor.tokenizer)
    truth = recordings.flat_claims()
    said = [parse(text) for text in texts]
    groups = [i // n_windows for i in range(len(truth))]
    claims = score_claims(said, truth, groups=groups)
    references = [narrate_truth(c, np.random.default_rng(0), 0.0) for c in truth]
    overlap = score_overlap(texts, references, groups=groups, n_bootstrap=0)
    found = score_retrieval(
        np.concatenate(waveforms)[:RETRIEVED], np.concatenate(maps)[:RETRIEVED], n_bootstrap=0
    )
    rhythm = claims["pdr_frequency"]
    return {
        "micro_f1": claims["f1"],
        "micro_interval": claims["interval_95"]["f1"],
        "macro_f1": claims["macro_f1"],
        "macro_interval": claims["interval_95"]["macro_f1"],
        "frequency_error_hz": rhythm["mean_absolute_error_hz"],
        "frequency_within": rhythm["within_0.5_hz"],
        "frequency_n": rhythm["n"],
        "bleu": overlap["scores"]["bleu"],
        "bleu_of_prior": overlap["prior"]["bleu"],
        "retrieval_at_1": found["forward"]["recall_at_1"],
        **change_scores(said, truth),
    }


def change_scores(said: list, truth: list) -> dict[str, float]:
    """Precision, recall and F1 of changes over time: right where finding and direction are."""
    right = claimed = true = 0
    for ours, theirs in zip(said, truth, strict=True):
        a, b = _changes(ours), _changes(theirs)
        right, claimed, true = right + len(a & b), claimed + len(a), true + len(b)
    return {
        "change_precision": right / claimed if claimed else 0.0,
        "change_recall": right / true if true else 0.0,
        "change_f1": 2 * right / (claimed + true) if claimed + true else 0.0,
        "n_changes": float(true),
    }


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Markdown, one row per arm."""
    head = (
        "| | steps | micro-F1 | macro-F1 | PDR error Hz | within 0.5 Hz | BLEU | R@1 of 256 | change F1 "
        "(precision, recall) |"
    )
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for name, f in figures.items():
        low, high = f["micro_interval"]
        macro_low, macro_high = f["macro_interval"]
        error = "–" if f["frequency_error_hz"] is None else f"{f['frequency_error_hz']:.2f}"
        within = (
            "–" if f["frequency_within"] is None else f"{f['frequency_within']:.2f} (n={f['frequency_n']})"
        )
        retrieval = "–" if f["retrieval_at_1"] is None else f"{f['retrieval_at_1']:.2f}"
        lines.append(
            f"| {name} | {f['steps']} | {f['micro_f1']:.3f} ({low:.3f}–{high:.3f}) | {f['macro_f1']:.3f} "
            f"({macro_low:.3f}–{macro_high:.3f}) | {error} | {within} | {f['bleu']:.1f} | {retrieval} | "
            f"{f['change_f1']:.2f} ({f['change_precision']:.2f}, {f['change_recall']:.2f}) |"
        )
    return "\n".join(lines)


def _changes(claims: list) -> set[tuple[str, str]]:
    return {(c.finding, c.change.direction) for c in claims if c.change is not None and c.is_present}


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.is_file() else {}


def _add(path: Path, name: str, figures: dict[str, Any]) -> None:
    """Add an arm to the figures of all, in turn and in one move: arms may be trained side by side."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps({**_read(path), name: figures}, indent=1) + "\n")
        os.replace(partial, path)


def _slug(text: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in text).split())


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--config", default="micro")
    parser.add_argument("--arms", nargs="*", default=list(ARMS), metavar="NAME", help=f"of {', '.join(ARMS)}")
    parser.add_argument("--recordings", type=int, default=96, help="held-out recordings that are narrated")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--shared", action="store_true", help="only train the stage that all arms share")
    options = parser.parse_args(argv)
    unknown = sorted(set(options.arms) - set(ARMS))
    if unknown:
        parser.error(f"no arm {unknown[0]!r}; there are {', '.join(ARMS)}")

    from neuronarrator_hf.training.arguments import load_arguments

    arguments = load_arguments(options.config, options.overrides)
    if options.shared:
        train_language(options.config, options.runs, options.overrides)
        return
    path = options.runs / "figures.json"
    for name in options.arms:
        if name in _read(path):
            continue
        final = train_arm(name, options.config, options.runs, options.overrides)
        figures = score(final, options.recordings, arguments.data.n_windows)
        if ARMS[name].align == _NO_MAPS:
            figures["retrieval_at_1"] = None  # nothing was aligned
        stages = json.loads((final / "training.json").read_text())["stages"]
        figures["steps"] = "+".join(str(stage["steps"]) for stage in stages)
        _add(path, name, figures)
        print(table({name: figures}), flush=True)
    figures = _read(path)
    print(table({name: figures[name] for name in ARMS if name in figures}))


if __name__ == "__main__":
    main()
