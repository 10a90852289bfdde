"""The three stages: `language` learns to word findings, `align` to see, `narrate` to word what is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .arguments import RunArguments, StageArguments
from .data import (
    CachedSource,
    ClaimDataset,
    ScriptedSource,
    SequenceDataset,
    SimulatedSource,
    Source,
    iterate,
    sample_texts,
)
from .lora import add_adapters
from .objectives import alignment_loss, head_losses, mismatch_loss, positive_weights, soften
from .texts import IGNORED, TextEncoder
from .validation import Validation

TOKENIZER_TEXTS = 8000
"""Texts that the tokenizer is made of."""
_COUNTED = 1000
"""Recordings in which findings are counted."""


class LanguageObjective(nn.Module):
    """Language-model loss of texts behind concept tokens made from the truth, without any EEG."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, share: float, targets: dict, **text: torch.Tensor) -> dict[str, torch.Tensor]:
        """The loss, and the share of tokens that are predicted right."""
        tokens = self.model.model.tokens_of_findings(soften(targets) if self.training else targets)
        loss, accuracy, _ = text_loss(self.model, tokens, **text)
        return {"loss": loss, "token_accuracy": accuracy}


class EEGObjective(nn.Module):
    """Heads, alignment and text on sequences of windows; a loss of weight 0 is not computed.

    Args:
        model: `NeuroNarratorForConditionalGeneration`.
        alignment: The projections of the shared space, see `alignment.AlignmentProjections`.
        arguments: Of the stage.
        run: Of the run.
        positive_weight: `(n_findings,)`.
    """

    def __init__(
        self,
        model: nn.Module,
        alignment: nn.Module,
        arguments: StageArguments,
        run: RunArguments,
        positive_weight: torch.Tensor,
    ) -> None:
        super().__init__()
        self.model, self.alignment, self.arguments, self.run = model, alignment, arguments, run
        self.register_buffer("positive_weight", positive_weight, persistent=False)

    def forward(
        self,
        share: float,
        targets: dict,
        known: torch.Tensor,
        text_windows: torch.Tensor | None = None,
        **inputs: Any,
    ) -> dict[str, torch.Tensor]:
        """All losses of a batch.

        Args:
            share: Share of the budget spent.
            targets: Of the heads, `(batch, n_windows, ...)`.
            known: `(batch, n_windows, n_findings)` bool.
            text_windows: `(n, 2)` sequence and window of each text.
            inputs: EEG inputs, and `input_ids`, `attention_mask`, `labels` of the texts.
        """
        weights = self.arguments.weights
        text = {
            name: inputs.pop(name) for name in ("input_ids", "attention_mask", "labels") if name in inputs
        }
        maps = inputs.pop("topomap_values")
        worded = weights["text"] > 0 and text_windows is not None and len(text_windows) > 0
        features = self.model.get_window_features(**inputs, topomap_values=maps if worded else None)
        flat = {name: value.flatten(0, 1) for name, value in features.finding_logits.items()}
        losses = head_losses(
            flat,
            {name: value.flatten(0, 1) for name, value in targets.items()},
            known.flatten(0, 1),
            smoothing=self.run.label_smoothing,
            focal_gamma=self.run.focal_gamma,
            positive_weight=self.positive_weight,
        )
        config = self.model.config
        total = weights["heads"] * (
            config.presence_loss_weight * losses["presence"]
            + config.attribute_loss_weight * losses["attributes"]
        )
        if weights["alignment"] > 0:
            waveform, topomap, scale = self.alignment(features.embeddings.flatten(0, 1), maps.flatten(0, 1))
            recordings = torch.arange(len(maps), device=maps.device).repeat_interleave(maps.shape[1])
            losses["alignment"], losses["retrieval"] = alignment_loss(
                waveform, topomap, scale, recordings, self.arguments.hard_negatives
            )
            total = total + weights["alignment"] * losses["alignment"]
        if worded:
            assert text_windows is not None
            tokens = self._window_tokens(features, targets, text_windows, share)
            losses["text"], losses["token_accuracy"], each = text_loss(self.model, tokens, **text)
            total = total + weights["text"] * losses["text"]
            if weights["mismatch"] > 0:
                losses["mismatch"] = self._mismatch(tokens, targets["presence"], text_windows, text, each)
                total = total + weights["mismatch"] * losses["mismatch"]
        return {"loss": total, **losses}

    def _mismatch(
        self,
        tokens: torch.Tensor,
        presence: torch.Tensor,
        windows: torch.Tensor,
        text: dict,
        own: torch.Tensor,
    ) -> torch.Tensor:
        """Texts behind the tokens of the next recording, where other findings are true there."""
        rows, columns = windows.unbind(1)
        shift = int((rows == rows[0]).sum())
        found = presence[rows, columns]
        differs = (rows != rows.roll(shift)) & (found != found.roll(shift, 0)).any(-1)
        if not bool(differs.any()):
            return own.sum() * 0.0
        _, _, other = text_loss(
            self.model,
            tokens.roll(shift, 0)[differs],
            **{name: value[differs] for name, value in text.items()},
        )
        return mismatch_loss(own[differs], other, self.arguments.mismatch_margin)

    def _window_tokens(
        self, features: Any, targets: dict, windows: torch.Tensor, share: float
    ) -> torch.Tensor:
        """Soft tokens of the narrated windows: concepts of heads or truth, each part dropped at times."""
        arguments, parts = self.arguments, self.model.model
        rows, columns = windows.unbind(1)
        findings = features.finding_tokens[rows, columns]
        teacher = arguments.teacher_findings * max(1 - 2 * share, 0.0)
        if teacher > 0 and self.training:
            true = parts.finding_tokens(
                soften({name: value[rows, columns] for name, value in targets.items()})
            )
            findings = torch.where(_chance(teacher, findings), true, findings)
        history, eeg, image = (
            getattr(features, name)[rows, columns]
            for name in ("history_tokens", "eeg_tokens", "image_tokens")
        )
        if self.training:
            drop_findings = _chance(arguments.drop_findings, findings)
            drop_eeg = (
                _chance(arguments.drop_eeg, findings) & ~drop_findings
            )  # never both: nothing would be left
            findings = torch.where(drop_findings, parts.no_eeg, findings)
            eeg = torch.where(drop_eeg, parts.no_eeg, eeg)
            history = torch.where(drop_eeg, parts.no_history, history)
            image = torch.where(drop_eeg, parts.no_image, image)
        return torch.cat([history, eeg, findings, image], dim=1)


def _chance(probability: float, like: torch.Tensor) -> torch.Tensor:
    return torch.rand(len(like), 1, 1, device=like.device) < probability


def text_loss(
    model: nn.Module,
    window_tokens: torch.Tensor,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    labels: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Cross-entropy of the texts behind their prompts, share of tokens predicted right, loss per text.

    Logits are computed where there are labels only: the prompt is the longer part.
    """
    keep = labels.shape[1] - int((labels != IGNORED).any(0).float().argmax()) + 1
    logits = model(
        window_tokens=window_tokens, input_ids=input_ids, attention_mask=attention_mask, logits_to_keep=keep
    ).logits[:, :-1]
    wanted = labels[:, 1 - keep :]
    spoken = wanted != IGNORED
    each = nn.functional.cross_entropy(logits[spoken].float(), wanted[spoken], reduction="none")
    accuracy = (logits.detach()[spoken].argmax(-1) == wanted[spoken]).float().mean()
    texts = spoken.nonzero()[:, 0]
    per_text = each.new_zeros(len(wanted)).index_add(0, texts, each) / spoken.sum(1).clamp_min(1)
    return each.mean(), accuracy, per_text


class TrainingStage:
    """A stage of the loop: objective, batches, evaluation, saving.

    Args:
        name: language, align or narrate.
        parts: Model, processor and alignment.
        run: Arguments of the run.
        source: Where simulated recordings come from.
        validation: Held-out recordings.
        real: Real recordings, or None.
    """

    def __init__(
        self,
        name: str,
        parts: Any,
        run: RunArguments,
        source: Any,
        validation: Validation,
        real: Source | None,
    ) -> None:
        self.name, self.parts, self.run, self.source, self.validation, self.real = (
            name, parts, run, source, validation, real,
        )  # fmt: skip
        self.arguments = run.stages[name]
        self._evaluation: Callable[[], AbstractContextManager] = nullcontext
        if self.arguments.lora:
            add_adapters(parts.model.language_model, self.arguments.lora)
        if self.arguments.gradient_checkpointing:
            parts.model.gradient_checkpointing_enable({"use_reentrant": False})
        self.encode_text = TextEncoder(
            parts.prompt_ids, parts.processor.tokenizer, self.arguments.max_text_tokens
        )
        if name == "language":
            self.objective: nn.Module = LanguageObjective(parts.model)
        else:
            self.presence = _presence(source)
            self.objective = EEGObjective(
                parts.model,
                parts.alignment,
                self.arguments,
                run,
                positive_weights(self.presence, run.positive_weight),
            )

    def batches(self, start: int, stop: int, rank: int, world: int) -> Iterable[dict[str, Any]]:
        """Batches by number, made in worker processes."""
        arguments, data = self.arguments, self.run.data
        if self.name == "language":
            dataset: Any = ClaimDataset(
                self.source, arguments.batch_size, self.run.seed, self.encode_text,
                variety_share=data.variety_share, rank=rank, world=world,
            )  # fmt: skip
        else:
            dataset = SequenceDataset(
                self.source, self.parts.encode, arguments.batch_size, self.run.seed,
                text_windows=arguments.text_windows if arguments.weights["text"] > 0 else 0,
                encode_text=self.encode_text, variety_share=data.variety_share,
                real=self.real, real_share=data.real_share, rank=rank, world=world,
            )  # fmt: skip
        return iterate(dataset, start, stop, data.num_workers)

    def compile(self) -> None:
        """Compile the waveform encoder, of whose many small kernels a step mostly consists.

        A part that cannot be traced in one graph is told at the first step.
        """
        self.parts.model.model.waveform_encoder.compile(fullgraph=True)
        self._evaluation = partial(torch.compiler.set_stance, "force_eager")  # few batches, of other shapes

    def evaluate(self) -> dict[str, float]:
        """Held-out figures of the stage; nothing here is teacher-forced but stage `language`'s findings."""
        with self._evaluation():
            if self.name == "language":
                return self.validation.language(self.parts)
            return self.validation.eeg(self.parts, worded=self.arguments.weights["text"] > 0)

    def sample_texts(self, count: int) -> list[str]:
        """Texts of the last evaluation."""
        return self.validation.samples[:count]

    def save(self, folder: Path, state: dict[str, torch.Tensor] | None = None) -> None:
        """Model, processor and alignment, from the objective's gathered state where it is given."""
        if state is None:
            self.parts.save(folder)
        else:
            self.parts.save(folder, _below(state, "model."), _below(state, "alignment."))

    def finish(self, folder: Path) -> dict[str, Any]:
        """Calibrate the heads of a finished model, as loaded from its folder."""
        if self.name == "language":
            return {}
        from ..findings.vocabulary import FINDING_IDS
        from .calibrate import fit_groups, store_calibration
        from .parts import load_parts

        parts = load_parts(folder, self.run)
        logits, truth = self.validation.presence(parts)
        calibration = fit_groups(logits, truth)
        prior = dict(zip(FINDING_IDS, self.presence.float().mean(0).tolist(), strict=True))
        store_calibration(folder, calibration, prior)
        if self.name == "align":
            parts.alignment.aligned.save_pretrained(folder / "alignment")
        return {"calibrated_groups": float(len(calibration)), "calibration_windows": float(len(logits))}


def _below(state: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The state of a part by its own names."""
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _presence(source: Source) -> torch.Tensor:
    """`(n_windows, n_findings)` bool: what some windows of a source have."""
    from ..findings.vocabulary import FINDING_IDS

    if isinstance(source, SimulatedSource):
        source = ScriptedSource(source.n_windows, source.seed)
    if isinstance(source, CachedSource | ScriptedSource):
        windows = [w for i in range(_COUNTED) for w in source.claims(i)]
    else:
        windows = [w for r in source.take(0, 32, np.random.default_rng(0)).claims for w in r]
    return torch.tensor([[f in {c.finding for c in w if c.is_present} for f in FINDING_IDS] for w in windows])


def build_stage(name: str, run: RunArguments, start: Path | None) -> TrainingStage:
    """Everything a stage needs: data, model (new or from a folder) and validation."""
    from .cache import recordings_of
    from .parts import load_parts, new_parts

    data = run.data
    source: Any
    if not 0 <= data.trend_windows < data.n_windows:
        raise ValueError(f"trend_windows={data.trend_windows} must be less than n_windows={data.n_windows}")
    cache = recordings_of(run)
    scripted = ScriptedSource(data.n_windows, run.seed + 1, data.trend_windows)
    if cache is not None:
        source = CachedSource(cache, run.seed, data.augment, data.trend_windows)
    elif name == "language":
        source = scripted
    else:
        source = SimulatedSource(data.n_windows, run.seed + 1, data.augment, data.trend_windows)
    if start is not None:
        parts = load_parts(start, run)
    else:
        worded = scripted if isinstance(source, SimulatedSource) else source
        parts = new_parts(run, sample_texts(worded, TOKENIZER_TEXTS, run.seed))
    real = None
    if data.real_root is not None and data.real_share > 0 and name != "language":
        from .real import RealSource

        real = RealSource(data.real_root, data.n_windows, run.seed, data.leave_out, data.augment)
    if data.corpora and name != "language":
        from .corpus_shards import mix

        source = mix(source, data.corpora, data.n_windows, data.augment)
    validation = Validation(data.held_out_recordings, data.n_windows, data.trend_windows)
    return TrainingStage(name, parts, run, source, validation, real)


__all__ = ["EEGObjective", "LanguageObjective", "TrainingStage", "build_stage"]
