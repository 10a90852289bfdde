"""What is still known of a window 1, 3, 10 or 60 windows back, for the three modes of history.

python -m benchmarks.history [--steps 600] [--pool 1200] [--out runs/history.json]

A sequence holds one finding with a frequency twice: in its first window and in its last one, never between.
Whether it has become faster or slower since, by 20 % or more, can only be told from what was kept of the
first window. Windows come from the simulator (training and test from different seeds) and from many
recordings, so that nothing else in a sequence gives the answer away; directions are balanced. The encoder
and the finding heads of the embedded default are kept as they are; what carries history is trained anew for
every mode, with the same batches and steps. Told are the finding heads' claims of change, before any
verification.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from torch import nn

from neuronarrator_hf.evaluation.held_out import HELD_OUT_SEED, simulate
from neuronarrator_hf.findings.schema import DIRECTIONS
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, VOCABULARY
from neuronarrator_hf.models.default import default_model_dir
from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from neuronarrator_hf.models.finding_targets import SINCE_BINS_S, decode_heads, to_concepts
from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorModel
from neuronarrator_hf.models.modeling_waveform import WaveformOutput

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
BACK = (1, 3, 10, 60)
TRAINED_BACK = (1, 2, 3, 4, 6, 10, 16, 30, 60)
MODES = ("ssm", "prompt", "none")
LEARNED = ("bridge", "token_reducer", "spectrum_reducer", "recent_", "eeg_projector", "history_projector",
           "heads.history", "heads.compare", "heads.changes", "no_history")  # fmt: skip
_FASTER, _SLOWER = 1 + DIRECTIONS.index("faster"), 1 + DIRECTIONS.index("slower")
WORDED = [f for f in FINDING_IDS if {"frequency_hz", "change"} <= set(VOCABULARY[f].attributes)]


class Remembered(nn.Module):
    """Outputs of the frozen encoder by number of window: `eeg_values` holds the numbers."""

    def __init__(self, tokens: torch.Tensor, embeddings: torch.Tensor, evidence: torch.Tensor) -> None:
        super().__init__()
        self.tokens, self.embeddings, self.evidence = tokens, embeddings, evidence

    def forward(self, eeg_values: torch.Tensor, **kwargs: Any) -> WaveformOutput:
        index = eeg_values.flatten().long()
        return WaveformOutput(self.tokens[index], self.embeddings[index], self.evidence[index])


class Pool:
    """Simulated windows, what is true of them, and what the encoder makes of them."""

    def __init__(self, model: NeuroNarratorModel, n_recordings: int, seed: int) -> None:
        extract = NeuroNarratorFeatureExtractor()
        outputs: list[WaveformOutput] = []
        self.frequency: list[dict[str, float]] = []
        self.present: list[set[str]] = []
        for start in range(0, n_recordings, 50):
            simulated = simulate(min(50, n_recordings - start), 3, seed + start)
            inputs = {
                k: torch.from_numpy(np.array(v)).to(DEVICE)
                for k, v in extract.from_sites(simulated.eeg_uv).items()
            }
            with torch.no_grad():
                outputs.append(model.waveform_encoder(**inputs))
            for claims in simulated.flat_claims():
                shown = [c for c in claims if c.is_present]
                self.present.append({c.finding for c in shown})
                self.frequency.append(
                    {c.finding: float(np.mean(c.frequency_hz)) for c in shown if c.frequency_hz is not None}
                )
        self.encoder = Remembered(
            torch.cat([o.last_hidden_state for o in outputs]),
            torch.cat([o.pooler_output for o in outputs]),
            torch.cat([o.rate_evidence for o in outputs]),
        )
        self.having = {f: [i for i, w in enumerate(self.frequency) if f in w] for f in WORDED}
        self.lacking = {f: [i for i, w in enumerate(self.present) if f not in w] for f in WORDED}
        self.usable = [f for f in WORDED if len(self.having[f]) >= 8]

    def draw(self, rng: np.random.Generator, n: int, back: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Windows `(n, back + 1)`, findings `(n,)` and directions `(n,)` (class of the change head)."""
        windows, findings, directions = [], [], []
        while len(windows) < n:
            finding = str(rng.choice(self.usable))
            wanted = len(windows) % 3
            for _ in range(50):
                first, last = rng.choice(self.having[finding], 2, replace=False)
                then, now = self.frequency[first][finding], self.frequency[last][finding]
                clear = abs(now - then) >= max(0.25, 0.2 * then)
                direction = 0 if not clear else 1 if now > then else 2
                if direction == wanted and (clear or abs(now - then) <= max(0.15, 0.1 * then)):
                    between = rng.choice(self.lacking[finding], back - 1)
                    windows.append([first, *between, last])
                    findings.append(FINDING_IDS.index(finding))
                    directions.append((0, _FASTER, _SLOWER)[direction])
                    break
        return np.array(windows), np.array(findings), np.array(directions)


def features_of(model: NeuroNarratorModel, windows: np.ndarray) -> dict[str, torch.Tensor]:
    """Head logits of the last window of each sequence, a few sequences at a time."""
    parts = []
    for numbers in torch.from_numpy(windows).to(DEVICE)[:, :, None, None].float().split(64):
        places = torch.zeros(len(numbers), 1, 3, device=DEVICE)
        out = model.get_window_features(eeg_values=numbers, channel_positions=places)
        parts.append({name: logits[:, -1] for name, logits in out.finding_logits.items()})
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def since_target(back: int) -> torch.Tensor:
    """Target of the head for "since": the two bins about that many windows."""
    place = np.interp(np.log(10.0 * back), np.log(SINCE_BINS_S), np.arange(len(SINCE_BINS_S)))
    target = torch.zeros(1 + len(SINCE_BINS_S))
    low = min(int(place), len(SINCE_BINS_S) - 2)
    target[1 + low], target[2 + low] = 1 - (place - low), place - low
    return target


def make_model(mode: str, pool: Pool, folder: Path) -> NeuroNarratorModel:
    """The default's body in a mode of history, with what carries history made new."""
    trained = NeuroNarratorModel.from_pretrained(folder, dtype=torch.float32)
    trained.config.history = mode
    torch.manual_seed(0)
    model = NeuroNarratorModel(trained.config)
    kept = {k: v for k, v in trained.state_dict().items() if not k.startswith(LEARNED)}
    model.load_state_dict(kept, strict=False)
    model.waveform_encoder = pool.encoder
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(LEARNED))
    return model.to(DEVICE)


def train(model: NeuroNarratorModel, pool: Pool, steps: int, batch_size: int) -> None:
    """Direction and time of the change, from the last window of each sequence."""
    model.waveform_encoder = pool.encoder
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for step in range(steps):
        rng = np.random.default_rng([7, step])
        back = int(rng.choice(TRAINED_BACK))
        windows, findings, directions = pool.draw(rng, batch_size, back)
        logits = features_of(model, windows)
        rows = torch.arange(len(windows), device=DEVICE)
        asked = torch.from_numpy(findings).to(DEVICE)
        change, since = (logits[name][rows, asked] for name in ("change", "since"))
        wanted = torch.from_numpy(directions).to(DEVICE)
        loss = nn.functional.cross_entropy(change, wanted)
        changed = wanted > 0
        loss = loss - 0.3 * (since.log_softmax(-1)[changed] * since_target(back).to(DEVICE)).sum(-1).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()


@torch.no_grad()
def test(model: NeuroNarratorModel, pool: Pool, back: int, n: int) -> dict[str, float]:
    """Claims of change of the finding that comes back, against what is true."""
    model.waveform_encoder = pool.encoder
    windows, findings, directions = pool.draw(np.random.default_rng([11, back]), n, back)
    concepts = {name: values.cpu() for name, values in to_concepts(features_of(model, windows)).items()}
    told, errors = [], []
    for i, finding in enumerate(findings):
        concepts["presence"][i, finding] = 1.0  # that it is there is not the question
        mine = {name: values[i] for name, values in concepts.items()}
        claim = next(c for c in decode_heads(mine) if c.finding == FINDING_IDS[finding])
        told.append(0 if claim.change is None else 1 + DIRECTIONS.index(claim.change.direction))
        if claim.change is not None and claim.change.since_s and told[-1] == directions[i]:
            errors.append(abs(np.log(claim.change.since_s / (10 * back))))
    said = np.array(told)
    right = ((said == directions) & (directions > 0)).sum()
    precision, recall = right / max((said > 0).sum(), 1), right / (directions > 0).sum()
    opposite = ((said > 0) & (directions > 0) & (said != directions)).sum() / (directions > 0).sum()
    return {
        "accuracy": float((said == directions).mean()),
        "f1": float(2 * precision * recall / max(precision + recall, 1e-9)),
        "opposite": float(opposite),
        "since_within_factor_1.5": float(np.mean(np.array(errors) <= np.log(1.5))) if errors else 0.0,
        "n": n,
    }


def table(figures: dict[str, dict[str, dict[str, float]]]) -> str:
    """Markdown: one row per mode, F1 of the claims of change (accuracy of the three classes) per distance."""
    lines = ["| history | " + " | ".join(f"{b} back" for b in BACK) + " |", "|" + "---|" * (1 + len(BACK))]
    for mode, by_back in figures.items():
        cells = [
            f"{f['f1']:.2f} ({f['accuracy']:.2f}), since {f['since_within_factor_1.5']:.2f}"
            for f in (by_back[str(b)] for b in BACK)
        ]
        lines.append(f"| {mode} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch-size", type=int, default=48)
    parser.add_argument("--pool", type=int, default=1200, help="simulated recordings of three windows")
    parser.add_argument("--tested", type=int, default=600, help="sequences per distance")
    parser.add_argument("--modes", nargs="*", default=list(MODES), choices=MODES)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=Path("runs/history.json"))
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    folder = options.model or default_model_dir()
    encoder = NeuroNarratorModel.from_pretrained(folder, dtype=torch.float32).eval().to(DEVICE)
    pool = Pool(encoder, options.pool, seed=50_000)
    held_out = Pool(encoder, options.pool // 2, seed=HELD_OUT_SEED + 7_000_000)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for mode in options.modes:
        started = time.process_time()
        model = make_model(mode, pool, folder).train()
        train(model, pool, options.steps, options.batch_size)
        model.eval()
        figures[mode] = {str(back): test(model, held_out, back, options.tested) for back in BACK}
        print(f"{mode}: {time.process_time() - started:.0f} s of processor time", flush=True)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(table(figures))


if __name__ == "__main__":
    main()
