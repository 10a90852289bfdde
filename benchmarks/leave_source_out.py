"""Real recordings in the training, judged on sources that were left out as a whole.

python -m benchmarks.leave_source_out --root ../shared/eeg --init DIR [--runs runs/left_out] [--steps 200]

From one model that never saw real EEG, stage `narrate` goes on for the same steps once per source that is
left out: most of each batch is simulated, the rest are expert-labelled recordings of the other sources, which
train the finding heads alone. Each model then hears the source it never saw; the row `before` is the model
that all started from. `--everything` trains once more with every source: a model for unseen recordings,
which none of these can judge.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

LEFT_OUT = {
    "pages": ("icu_vecams",),
    "clips": ("icu_sparcnet", "icu_iiic_irr"),
    "awake": ("awake",),
}
"""What is judged, and what is left out for it: both sets of clips are of one hospital and of one kind."""


def train(left_out: tuple[str, ...], arguments: argparse.Namespace) -> Path:
    """The model that did not see these sources, trained where it is lacking; its folder."""
    from neuronarrator_hf.training.run import run

    folder = Path(arguments.runs) / ("_".join(left_out) or "all")
    final = folder / "narrate" / "final"
    if not (final / "training.json").is_file():
        run(
            "narrate",
            arguments.config,
            runs=folder,
            init=arguments.init,
            seed=arguments.seed,
            max_steps=arguments.steps,
            overrides=[
                f"data.real_root={arguments.root}",
                f"data.real_share={arguments.share}",
                f"data.leave_out=[{', '.join(left_out)}]",
                f"stages.narrate.learning_rate={arguments.learning_rate}",
                "stages.narrate.max_minutes=null",
                *arguments.set,
            ],
        )
    return final


def judge(model: str | Path, kinds: tuple[str, ...], root: str, what: str) -> dict[str, Any]:
    """Figures of one model on recordings of these sources."""
    from neuronarrator_hf.evaluation import real
    from neuronarrator_hf.evaluation.expert_labels import read_labels
    from neuronarrator_hf.evaluation.listening import make_voice
    from neuronarrator_hf.narration.loading import load_model

    heard = real.hear_recordings(make_voice(*load_model(model)), read_labels(root, kinds))
    score = {"pages": real.score_pages, "clips": real.score_clips, "awake": real.score_awake}[what]
    return score(heard)


def to_markdown(results: dict[str, dict[str, Any]]) -> str:
    """Tables of pages, clips, wakefulness, and of single findings on the pages."""
    from neuronarrator_hf.evaluation.real import TEXTS, WITNESSES

    lines = ["| pages | macro-F1 | AUROC | " + " | ".join(f"{t}: macro-F1" for t in TEXTS) + " |"]
    lines.append("|---" * (3 + len(TEXTS)) + "|")
    for name, result in results.items():
        texts = " | ".join(f"{result['pages'][t]['macro_f1']:.2f}" for t in TEXTS)
        for witness in WITNESSES:
            scores = result["pages"][witness]
            lines.append(
                f"| {name}, {witness} | {scores['macro_f1']:.2f} | {scores['macro_auroc']:.2f} | {texts} |"
            )
    lines += ["", "| clips | agreement | vote share | cross-entropy |", "|---|---|---|---|"]
    for name, result in results.items():
        for witness in WITNESSES:
            s = result["clips"][witness]
            cells = [f"{s['majority_agreement']:.2f} of {s['n_clear']}"]
            cells += [f"{s[figure]:.2f}" for figure in ("vote_share", "cross_entropy")]
            lines.append(f"| {name}, {witness} | " + " | ".join(cells) + " |")
    lines += ["", "| wakefulness | windows called abnormal |", "|---|---|"]
    lines += [f"| {name} | {result['awake']['called_abnormal']:.2f} |" for name, result in results.items()]
    lines += [
        "",
        "| finding (pages that have it) | " + " | ".join(f"{n}: AUROC, calibration error" for n in results),
    ]
    lines[-1] += " |"
    lines.append("|---" * (1 + len(results)) + "|")
    tables = [result["pages"]["network"]["per_finding"] for result in results.values()]
    for finding, scores in tables[0].items():
        cells = [f"{t[finding]['auroc']:.2f}, {t[finding]['calibration_error']:.2f}" for t in tables]
        lines.append(f"| {finding} ({scores['positives']}) | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", required=True, help="folder of the recordings, with manifest.json")
    parser.add_argument("--init", required=True, help="model that never saw real EEG")
    parser.add_argument("--runs", default="runs/left_out")
    parser.add_argument("--config", default="tiny")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.25, help="of the sequences of a batch that are real")
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--everything", action="store_true", help="then train once more with every source")
    arguments = parser.parse_args()
    before = {what: judge(arguments.init, kinds, arguments.root, what) for what, kinds in LEFT_OUT.items()}
    after = {
        what: judge(train(kinds, arguments), kinds, arguments.root, what) for what, kinds in LEFT_OUT.items()
    }
    results = {"before": before, "left out": after}
    Path(arguments.runs).mkdir(parents=True, exist_ok=True)
    (Path(arguments.runs) / "figures.json").write_text(json.dumps(results, indent=1, default=float) + "\n")
    print(to_markdown(results))
    if arguments.everything:
        print(f"with every source: {train((), arguments)}")


if __name__ == "__main__":
    main()
