"""What a training run is told: dataclasses read from a YAML preset, overridable one value at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

STAGES = ("language", "align", "narrate")


@dataclass(frozen=True)
class DataArguments:
    """Where training examples come from.

    Attributes:
        n_windows: Contiguous windows of a recording in one sequence.
        variety_share: Share of the texts in free wording; the others use the fixed one.
        cache_dir: Folder of the simulated data set, made where absent; None simulates every batch anew.
        cache_recordings: Recordings of `n_windows` windows in the cache.
        cache_processes: Processes that fill the cache.
        num_workers: Worker processes that make batches; 0 makes them in the training process.
        augment: Gain, reference, channel dropout, noise and mirroring.
        trend_windows: Windows back with which a simulated finding is compared where it has not changed since
            the window before, as corpus rows are with the minute before (6); fewer than `n_windows`. 0
            leaves it out.
        held_out_recordings: Simulated recordings on which checkpoints are compared.
        real_root: Folder of expert-labelled recordings with `manifest.json`, or None.
        real_share: Share of the sequences of a batch that are real.
        leave_out: Sources (folders of the manifest) never trained on.
        corpora: Folders of a built corpus with the weights of their sequences against 1 for simulated
            ones, such as `{corpus/chbmit: 0.5}`.
    """

    n_windows: int = 6
    variety_share: float = 0.2
    cache_dir: str | None = "runs/cache"
    cache_recordings: int = 4000
    cache_processes: int = 2
    num_workers: int = 1
    augment: bool = True
    trend_windows: int = 0
    held_out_recordings: int = 48
    real_root: str | None = None
    real_share: float = 0.0
    leave_out: tuple[str, ...] = ()
    corpora: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class StageArguments:
    """How one stage is trained.

    Attributes:
        max_steps: Optimizer steps at most.
        max_minutes: Wall-clock budget, resumed time included; None leaves it out. The learning rate
            follows whichever of the two is further spent.
        batch_size: Sequences of a step and process (texts in stage `language`).
        accumulate: Batches of one optimizer step.
        learning_rate: Peak of the learning rate.
        warmup: Share of the budget with rising learning rate.
        weight_decay: Of matrices only.
        clip_norm: Largest norm of the gradient.
        ema_decay: Decay of the averaged weights that are scored and saved; 0 leaves averaging out.
        mixed_precision: no, bf16 or fp16.
        text_windows: Windows of a sequence that are narrated in a step.
        max_text_tokens: Longest prompt and text.
        weights: Weight of each loss: text, heads, alignment, and mismatch (the text of a window must be
            less likely behind the tokens of another recording's).
        mismatch_margin: Nats per token by which it must be.
        hard_negatives: Weight of the other windows of a recording as negatives of stage `align`, against
            1 for those of other recordings.
        drop_findings: Probability that the concept tokens of a window are dropped.
        drop_eeg: Probability that the EEG tokens of a window are dropped.
        teacher_findings: Probability, at the start, that concept tokens come from the truth; falls to 0
            at half of the budget.
        freeze: Prefixes of parameter names that do not move.
        lora: Adapters in the language model in place of tuning it whole: `rank`, `alpha`, `dropout`,
            `targets` over `lora.DEFAULTS`; empty for none.
        projector_warmup: Share of the budget, at the start, in which only `warmup_parts` move.
        warmup_parts: Prefixes of the parameters that move then.
        gradient_checkpointing: Compute activations anew in the backward pass, for memory.
        compile: Compile the waveform encoder (`torch.compile`, which needs a C compiler); refused under FSDP,
            whose hooks a compiled encoder would pass over.
        evaluate_minutes: Minutes between evaluations.
        evaluate_steps: Optimizer steps between evaluations in place of minutes, the same on every machine; 0
            goes by the minutes.
        checkpoint_minutes: Minutes between checkpoints.
        sample_texts: Free-running texts shown and logged at an evaluation.
    """

    max_steps: int = 100_000
    max_minutes: float | None = None
    batch_size: int = 16
    accumulate: int = 1
    learning_rate: float = 1e-3
    warmup: float = 0.03
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    ema_decay: float = 0.995
    mixed_precision: str = "no"
    text_windows: int = 2
    max_text_tokens: int = 256
    weights: dict[str, float] = field(
        default_factory=lambda: {"text": 1.0, "heads": 1.0, "alignment": 0.3, "mismatch": 0.0}
    )
    mismatch_margin: float = 0.5
    hard_negatives: float = 1.0
    drop_findings: float = 0.1
    drop_eeg: float = 0.1
    teacher_findings: float = 0.5
    freeze: tuple[str, ...] = ()
    lora: dict[str, Any] = field(default_factory=dict)
    projector_warmup: float = 0.0
    warmup_parts: tuple[str, ...] = (
        "model.eeg_projector",
        "model.history_projector",
        "model.image_projector",
        "model.finding_tokens",
        "model.no_",
    )
    gradient_checkpointing: bool = False
    compile: bool = False
    evaluate_minutes: float = 4.0
    evaluate_steps: int = 0
    checkpoint_minutes: float = 3.0
    sample_texts: int = 3


@dataclass(frozen=True)
class RunArguments:
    """A whole preset.

    Attributes:
        model: Sections of `NeuroNarratorConfig`, and names or folders of pretrained parts:
            `language_model`, `vision_model`, `waveform_model` (see `parts.new_parts`).
        attention: Attention of the language model (`sdpa`, `flash_attention_2`, `eager`); None leaves
            transformers' choice.
        dtype: Of the frozen or adapted pretrained language model: float32 or bfloat16.
        seed: Seed of weights, data and masks.
        threads: Threads of torch in the training process; None leaves torch's choice.
        vocab_size: Tokens of the compact decoder's tokenizer.
        label_smoothing: Smoothing of the findings' targets.
        focal_gamma: Exponent of the focal loss of the finding heads; 0 is plain cross-entropy.
        positive_weight: Largest weight of a rare positive finding.
        data: Where examples come from.
        stages: One `StageArguments` per stage.
    """

    model: dict[str, Any] = field(default_factory=dict)
    attention: str | None = None
    dtype: str = "float32"
    seed: int = 0
    threads: int | None = None
    vocab_size: int = 2048
    label_smoothing: float = 0.02
    focal_gamma: float = 0.0
    positive_weight: float = 3.0
    data: DataArguments = field(default_factory=DataArguments)
    stages: dict[str, StageArguments] = field(default_factory=lambda: {s: StageArguments() for s in STAGES})


def read_preset(name_or_path: str) -> dict[str, Any]:
    """The mapping of a preset shipped with the package, or of a YAML file.

    Raises:
        ValueError: There is neither such a preset nor such a file.
    """
    shipped = resources.files("neuronarrator_hf").joinpath("configs", f"{name_or_path}.yaml")
    path = Path(name_or_path)
    if shipped.is_file():
        return yaml.safe_load(shipped.read_text(encoding="utf-8"))
    if path.is_file():
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    names = sorted(p.name[:-5] for p in shipped.parent.iterdir() if p.name.endswith(".yaml"))
    raise ValueError(f"no preset or file {name_or_path!r}; presets: {', '.join(names)}")


def load_arguments(name_or_path: str, overrides: Sequence[str] = ()) -> RunArguments:
    """Arguments of a preset, with overrides such as `data.n_windows=4` or `seed=1`.

    Raises:
        ValueError: The preset is unknown or a key is not an argument.
    """
    values = read_preset(name_or_path) or {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise ValueError(f"an override is written key=value, got {override!r}")
        *parents, last = key.split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = yaml.safe_load(text)
    stages = values.pop("stages", {}) or {}
    unknown = sorted(set(stages) - set(STAGES))
    if unknown:
        raise ValueError(f"unknown stages {', '.join(unknown)}; there are {', '.join(STAGES)}")
    return replace(
        _build(RunArguments, {k: v for k, v in values.items() if k != "data"}, "preset"),
        data=_build(DataArguments, values.get("data") or {}, "data"),
        stages={s: _build(StageArguments, stages.get(s) or {}, f"stages.{s}") for s in STAGES},
    )


def _build(kind: Any, values: dict[str, Any], where: str) -> Any:
    """A dataclass from a mapping; mappings are merged into the default, lists become tuples."""
    known = {f.name: f for f in fields(kind)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    default = kind()
    changes = {}
    for name, value in values.items():
        current = getattr(default, name)
        if isinstance(current, tuple) and isinstance(value, list):
            value = tuple(value)
        elif isinstance(current, dict) and not is_dataclass(current):
            value = {**current, **(value or {})}
        elif isinstance(current, float) and isinstance(value, int | str):
            value = float(value)  # YAML reads 1e-3 as text
        elif isinstance(current, str) and value is False:
            value = "no"  # which YAML reads as false
        changes[name] = value
    return replace(default, **changes)
