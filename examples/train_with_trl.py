"""Tune the language model of a NeuroNarrator with TRL's SFT and adapters, on the collator of `Trainer`.

python examples/train_with_trl.py OUT [MODEL] [STEPS]

Needs the extra `trl`. SFT teaches the text alone: the examples have no claims for the finding heads.
"""

from __future__ import annotations

import sys

from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoProcessor, Trainer
from trl import SFTConfig, SFTTrainer

from neuronarrator_hf import auto  # noqa: F401  registers the classes with transformers
from neuronarrator_hf.findings.select import select_for_text, with_absences
from neuronarrator_hf.findings.write import write_segment
from neuronarrator_hf.models.default import default_model_dir
from neuronarrator_hf.simulation.batch import simulate_windows
from neuronarrator_hf.training.collator import NarrationCollator


class NarrationSFT(SFTTrainer):
    """SFT with the loss of the model: TRL's wants hidden states of tokens, and ours start from EEG."""

    def compute_loss(self, *args, **kwargs):
        return Trainer.compute_loss(self, *args, **kwargs)


def simulated_rows(n_windows: int, seed: int = 0) -> Dataset:
    """Single windows with the columns of a corpus row: `eeg_uv`, `ch_names`, `text`."""
    simulated = simulate_windows(n_windows, 1, seed)
    names = list(simulated.ch_names)
    rows = [
        {
            "eeg_uv": eeg_uv[0],
            "ch_names": names,
            "text": write_segment(select_for_text(with_absences(claims[0]))),
        }
        for eeg_uv, claims in zip(simulated.eeg_uv, simulated.claims, strict=True)
    ]
    return Dataset.from_list(rows).with_format("numpy")


def main(out: str, model_name: str | None = None, steps: str = "20") -> float:
    folder = model_name or str(default_model_dir())
    model = AutoModelForCausalLM.from_pretrained(folder)
    processor = AutoProcessor.from_pretrained(folder)
    arguments = SFTConfig(
        out,
        max_steps=int(steps),
        per_device_train_batch_size=4,
        learning_rate=1e-3,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},  # the collator makes the tokens
        logging_steps=max(1, int(steps) // 4),
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
    )
    trainer = NarrationSFT(
        model,
        args=arguments,
        train_dataset=simulated_rows(16),
        data_collator=NarrationCollator(processor),
        processing_class=processor.tokenizer,
        peft_config=LoraConfig(
            r=8, target_modules=r"language_model\..*\.(q_proj|v_proj)", task_type="CAUSAL_LM"
        ),
    )
    loss = trainer.train().training_loss
    trainer.save_model(out)
    print(f"loss {loss:.3f} over {steps} steps; adapter in {out}")
    return loss


if __name__ == "__main__":
    main(*sys.argv[1:])
