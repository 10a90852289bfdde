"""What is still known of a window 1, 3, 10 or 60 windows back, for the three modes of history.

python -m benchmarks.history [--steps 3000] [--rows NAME ...] [--out runs/history.json]

A sequence holds one finding with a frequency twice: in its first window and in its last one, never between.
Whether it has become faster or slower since, by 20 % or more, can only be told from what was kept of the
first window, or guessed from the frequency now (a high one has more often become faster): what that is
worth is the row `none`. Windows come from the simulator, those of training and test from different seeds, and
from many recordings; directions are balanced. Sequences begin with the window that counts, so that "since"
tells how long a sequence is and no more. The encoder and the finding heads of the embedded default are kept
as they are and asked once for every window; what carries history is trained anew for every row, with the same
sequences and steps. Told are the finding heads' claims of change, before any verification. The last rows
learn nothing: a rule remembers where the heads found a finding last, with its frequency there, and compares;
then once more, told in which windows it is.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor, nn
from transformers import logging

from neuronarrator_hf.evaluation.held_out import HELD_OUT_SEED, simulate
from neuronarrator_hf.findings.schema import DIRECTIONS
from neuronarrator_hf.findings.vocabulary import FINDING_IDS, VOCABULARY
from neuronarrator_hf.models.default import default_model_dir
from neuronarrator_hf.models.feature_extraction_neuronarrator import NeuroNarratorFeatureExtractor
from neuronarrator_hf.models.finding_targets import FREQUENCY_BINS_HZ, SINCE_BINS_S
from neuronarrator_hf.models.modeling_comparison import compared_numbers
from neuronarrator_hf.models.modeling_neuronarrator import NeuroNarratorModel
from neuronarrator_hf.models.number_features import top_mode_value

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
BACK = (1, 3, 10, 60)
TRAINED_BACK = (1, 2, 3, 4, 6, 10, 16, 30, 60)
WINDOW_S = 10.0
_FASTER, _SLOWER = 1 + DIRECTIONS.index("faster"), 1 + DIRECTIONS.index("slower")
_DIRECTIONS = (0, _FASTER, _SLOWER)
WORDED = [f for f in FINDING_IDS if {"frequency_hz", "change"} <= set(VOCABULARY[f].attributes)]
LEARNED = ("bridge", "token_reducer", "spectrum_reducer", "number_summary", "recent_", "eeg_projector",
           "heads.history", "heads.compare", "heads.changes", "no_history")  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A way to carry history: the mode, and whether numbers are compared finding by finding."""

    mode: str
    compare_numbers: bool = True


ROWS = {
    "ssm": Row("ssm"),
    "prompt": Row("prompt"),
    "none": Row("none"),
    "ssm, numbers not compared": Row("ssm", compare_numbers=False),
}
RULE, TOLD = "findings carried and compared", "the same, told where the finding was"


class Pool:
    """Simulated windows, what is true of them, and what encoder and finding heads make of them."""

    def __init__(self, model: NeuroNarratorModel, n_recordings: int, seed: int) -> None:
        extract = NeuroNarratorFeatureExtractor()
        parts: dict[str, list[Tensor]] = {}
        frequency: list[dict[str, float]] = []
        present: list[set[str]] = []
        for start in range(0, n_recordings, 50):
            simulated = simulate(min(50, n_recordings - start), 3, seed + start)
            inputs = extract.from_sites(simulated.eeg_uv)
            for name, value in _heard(model, inputs).items():
                parts.setdefault(name, []).append(value)
            for claims in simulated.flat_claims():
                shown = [c for c in claims if c.is_present]
                present.append({c.finding for c in shown})
                frequency.append(
                    {c.finding: float(np.mean(c.frequency_hz)) for c in shown if c.frequency_hz is not None}
                )
        self.heard = {name: torch.cat(values) for name, values in parts.items()}
        self.frequency_hz = np.array([[w.get(f, np.nan) for f in FINDING_IDS] for w in frequency])
        having = {f: np.array([i for i, w in enumerate(frequency) if f in w]) for f in WORDED}
        self.lacking = {f: np.array([i for i, w in enumerate(present) if f not in w]) for f in WORDED}
        self.having = {f: windows for f, windows in having.items() if len(windows) >= 8}

    def draw(self, rng: np.random.Generator, n: int, back: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Windows `(n, back + 1)`, findings `(n,)` and directions `(n,)` (class of the change head)."""
        windows: list[np.ndarray] = []
        findings, directions = [], []
        usable = list(self.having)
        while len(windows) < n:
            finding = usable[rng.integers(len(usable))]
            row = FINDING_IDS.index(finding)
            pairs = self.having[finding][rng.integers(len(self.having[finding]), size=(200, 2))]
            then, now = self.frequency_hz[pairs, row].T
            faster, slower = now - then >= _clear(then), then - now >= _clear(then)
            same = np.abs(now - then) <= np.maximum(0.15, 0.1 * then)
            fitting = np.flatnonzero((same, faster, slower)[len(windows) % 3] & (pairs[:, 0] != pairs[:, 1]))
            if len(fitting):
                first, last = pairs[fitting[0]]
                between = self.lacking[finding][rng.integers(len(self.lacking[finding]), size=back - 1)]
                directions.append(_DIRECTIONS[len(windows) % 3])
                findings.append(row)
                windows.append(np.array([first, *between, last]))
        return np.stack(windows), np.array(findings), np.array(directions)


def _clear(hz: np.ndarray) -> np.ndarray:
    """Hertz by which a frequency must have moved to be faster or slower, as in the simulator's truth."""
    return np.maximum(0.25, 0.2 * hz)


@torch.no_grad()
def _heard(model: NeuroNarratorModel, inputs: dict) -> dict[str, Tensor]:
    """What the encoder and the heads say of each window: everything that history is made of."""
    encoded = model.waveform_encoder(
        **{n: torch.from_numpy(np.array(v)).to(DEVICE) for n, v in inputs.items() if n != "topomap_values"}
    )
    logits, states, evidence = model.findings_of(encoded)
    return {
        "tokens": encoded.last_hidden_state,
        "embedding": encoded.pooler_output,
        "evidence": evidence,
        "states": states,
        "presence": logits["presence"].sigmoid(),
        **{name: logits[name].softmax(-1) for name in ("frequency", "amplitude")},
    }


def history_embedding(model: NeuroNarratorModel, heard: dict[str, Tensor], windows: np.ndarray) -> Tensor:
    """`(n, size)` of the windows before the last one of each sequence.

    What a mode does not read is not computed: `prompt` reads its last windows, `none` nothing.
    """
    mode = model.config.history
    reach = {"ssm": windows.shape[1], "prompt": model.config.num_history_windows + 1, "none": 1}[mode]
    index = torch.from_numpy(windows[:, -reach:]).to(DEVICE)
    shape, flat = index.shape, index.flatten()
    nothing = torch.zeros(*shape, 1, 1, device=DEVICE)
    inputs, tokens = nothing[..., 0], nothing
    if mode == "ssm":
        used, places = flat.unique(return_inverse=True)
        concepts = {name: heard[name][used] for name in ("presence", "frequency", "amplitude")}
        each = model.history_inputs(
            heard["tokens"][used], heard["embedding"][used], heard["evidence"][used], concepts
        )
        inputs = each[places].unflatten(0, shape)
    elif mode == "prompt":
        tokens = model.eeg_projector(heard["tokens"][flat]).unflatten(0, shape)
    mask = torch.ones(shape, dtype=torch.bool, device=DEVICE)
    return model.history_of(inputs, tokens, mask)[1][:, -1]


def changes(
    model: NeuroNarratorModel, pool: Pool, windows: np.ndarray, findings: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Logits of `change` and `since` of the asked finding in the last window of each sequence."""
    now = torch.from_numpy(windows[:, -1]).to(DEVICE)
    concepts = {name: pool.heard[name][now] for name in ("presence", "frequency", "amplitude")}
    history = history_embedding(model, pool.heard, windows)
    told = model.heads.changes_since(pool.heard["states"][now], history, compared_numbers(concepts))
    asked = torch.arange(len(now), device=DEVICE), torch.from_numpy(findings).to(DEVICE)
    return told["change"][asked], told["since"][asked]


def since_target(back: int) -> Tensor:
    """Target of the head for "since": the two bins about that many windows."""
    place = np.interp(np.log(WINDOW_S * back), np.log(SINCE_BINS_S), np.arange(len(SINCE_BINS_S)))
    target = torch.zeros(1 + len(SINCE_BINS_S), device=DEVICE)
    low = min(int(place), len(SINCE_BINS_S) - 2)
    target[1 + low], target[2 + low] = 1 - (place - low), place - low
    return target


def make_model(row: Row, folder: Path) -> NeuroNarratorModel:
    """The default's body with history carried in another way, all of that made new."""
    trained = NeuroNarratorModel.from_pretrained(folder, dtype=torch.float32)
    trained.config.history = row.mode
    trained.config.bridge_config.compare_numbers = row.compare_numbers
    torch.manual_seed(0)
    model = NeuroNarratorModel(trained.config)
    kept = {k: v for k, v in trained.state_dict().items() if not k.startswith(LEARNED)}
    model.load_state_dict(kept, strict=False)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(LEARNED))
    return model.to(DEVICE)


def train(model: NeuroNarratorModel, pool: Pool, steps: int, batch_size: int) -> None:
    """Direction and time of the change, from the last window of each sequence."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": 0.02},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},  # rates of decay among them
    ]
    optimizer = torch.optim.AdamW(groups, lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for step in range(steps):
        rng = np.random.default_rng([7, step])
        back = int(rng.choice(TRAINED_BACK))
        windows, findings, directions = pool.draw(rng, batch_size, back)
        change, since = changes(model, pool, windows, findings)
        wanted = torch.from_numpy(directions).to(DEVICE)
        loss = nn.functional.cross_entropy(change, wanted)
        loss = loss - 0.3 * (since.log_softmax(-1)[wanted > 0] * since_target(back)).sum(-1).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()


@torch.no_grad()
def learned(
    model: NeuroNarratorModel, pool: Pool, windows: np.ndarray, findings: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Told directions and seconds by the heads."""
    parts = [
        changes(model, pool, windows[i : i + 100], findings[i : i + 100]) for i in range(0, len(windows), 100)
    ]
    change, since = (torch.cat(part).cpu() for part in zip(*parts, strict=True))
    return change.argmax(-1).numpy(), top_mode_value(since.softmax(-1), SINCE_BINS_S)[:, 0].numpy()


def compared(
    pool: Pool, windows: np.ndarray, findings: np.ndarray, found: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Told directions and seconds by the rule: the frequency now against the window where it was found last.

    Args:
        pool: Where the windows are from.
        windows: `(n, back + 1)`.
        findings: `(n,)` the finding asked for in each.
        found: `(n, back + 1)` bool, whether it is held to be there.
    """
    frequency = top_mode_value(pool.heard["frequency"], FREQUENCY_BINS_HZ)[..., 0].cpu().numpy()
    hz = frequency[windows, findings[:, None]]
    back = found[:, -2::-1].argmax(1) + 1  # windows before the current one, the nearest first
    then, now = hz[np.arange(len(hz)), -1 - back], hz[:, -1]
    seen_before = found[:, :-1].any(1)
    faster, slower = now - then >= _clear(then), then - now >= _clear(then)
    return np.where(seen_before, faster * _FASTER + slower * _SLOWER, 0), WINDOW_S * back


def found_by_heads(pool: Pool, windows: np.ndarray, findings: np.ndarray) -> np.ndarray:
    """`(n, back + 1)` bool: likelier there than not."""
    return pool.heard["presence"].cpu().numpy()[windows, findings[:, None]] >= 0.5


def only_where_it_is(pool: Pool, windows: np.ndarray, findings: np.ndarray) -> np.ndarray:
    """`(n, back + 1)` bool: the first window and the last."""
    return np.isfinite(pool.frequency_hz[windows, findings[:, None]])


def score(told: np.ndarray, since_s: np.ndarray, directions: np.ndarray, back: int) -> dict[str, float]:
    """Claims of change of the finding that comes back, against what is true."""
    right = (told == directions) & (directions > 0)
    said, true = (told > 0).sum(), (directions > 0).sum()
    opposite = ((told > 0) & (directions > 0) & (told != directions)).sum()
    near = np.abs(np.log(since_s[right] / (WINDOW_S * back))) <= np.log(1.5)
    return {
        "accuracy": float((told == directions).mean()),
        "f1": float(2 * right.sum() / max(said + true, 1)),
        "opposite": float(opposite / true),
        "since_within_factor_1.5": float(near.mean()) if right.any() else 0.0,
        "n": len(told),
    }


def table(figures: dict[str, dict[str, dict[str, float]]]) -> str:
    """Markdown: one row per way, accuracy of the three classes (F1 of the claims of change) per distance."""
    lines = ["| history | " + " | ".join(f"{b} back" for b in BACK) + " |", "|" + "---|" * (1 + len(BACK))]
    for name, by_back in figures.items():
        cells = [
            f"{f['accuracy']:.2f} ({f['f1']:.2f}), since {f['since_within_factor_1.5']:.2f}"
            for f in (by_back[str(b)] for b in BACK)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch-size", type=int, default=48)
    parser.add_argument("--pool", type=int, default=1200, help="simulated recordings of three windows")
    parser.add_argument("--tested", type=int, default=600, help="sequences per distance")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=Path("runs/history.json"))
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    logging.set_verbosity_error()  # the language model of the folder is left out
    folder = options.model or default_model_dir()
    encoder = NeuroNarratorModel.from_pretrained(folder, dtype=torch.float32).eval().to(DEVICE)
    pool = Pool(encoder, options.pool, seed=50_000)
    held_out = Pool(encoder, options.pool // 2, seed=HELD_OUT_SEED + 7_000_000)
    print(f"windows heard: {time.process_time():.0f} s of processor time", flush=True)
    asked = {back: held_out.draw(np.random.default_rng([11, back]), options.tested, back) for back in BACK}
    figures = {}
    for name in options.rows:
        started = time.process_time()
        model = make_model(ROWS[name], folder).train()
        train(model, pool, options.steps, options.batch_size)
        model.eval()
        figures[name] = {
            str(back): score(*learned(model, held_out, windows, findings), directions, back)
            for back, (windows, findings, directions) in asked.items()
        }
        print(f"{time.process_time() - started:.0f} s of processor time", flush=True)
        print(table({name: figures[name]}), flush=True)
    for name, found in ((RULE, found_by_heads), (TOLD, only_where_it_is)):
        figures[name] = {
            str(back): score(
                *compared(held_out, windows, findings, found(held_out, windows, findings)), directions, back
            )
            for back, (windows, findings, directions) in asked.items()
        }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(table(figures))


if __name__ == "__main__":
    main()
