"""Tune a NeuroNarrator with `transformers.Trainer` on examples of EEG, text and claims.

python examples/train_with_trainer.py OUT [MODEL] [STEPS]

The examples are simulated here; rows of a corpus (`neuronarrator corpus build`) go into the same collator.
"""

from __future__ import annotations

import sys

from transformers import AutoModelForCausalLM, AutoProcessor, Trainer, TrainingArguments

from neuronarrator_hf import auto  # noqa: F401  registers the classes with transformers
from neuronarrator_hf.findings.select import select_for_text, with_absences
from neuronarrator_hf.findings.write import write_segment
from neuronarrator_hf.models.default import default_model_dir
from neuronarrator_hf.simulation.batch import simulate_windows
from neuronarrator_hf.training.collator import NarrationCollator


def simulated_examples(n_recordings: int, n_windows: int = 3, seed: int = 0) -> list[dict]:
    """Sequences of windows, the text of the last one, and what is true of each."""
    simulated = simulate_windows(n_recordings, n_windows, seed)
    examples = []
    for eeg_uv, claims in zip(simulated.eeg_uv, simulated.claims, strict=True):
        eeg = {"array": eeg_uv, "sampling_rate": 200.0, "ch_names": list(simulated.ch_names)}
        text = write_segment(select_for_text(with_absences(claims[-1])), seed=seed)
        examples.append({"eeg": eeg, "text": text, "claims": claims})
    return examples


def main(out: str, model_name: str | None = None, steps: str = "20") -> float:
    folder = model_name or str(default_model_dir())
    model = AutoModelForCausalLM.from_pretrained(folder)
    processor = AutoProcessor.from_pretrained(folder)
    arguments = TrainingArguments(
        out,
        max_steps=int(steps),
        per_device_train_batch_size=4,
        learning_rate=1e-4,
        remove_unused_columns=False,  # the collator reads the columns, not the model
        label_names=["labels"],
        logging_steps=max(1, int(steps) // 4),
        report_to=[],
        save_strategy="no",
        use_cpu=True,
    )
    trainer = Trainer(
        model,
        arguments,
        train_dataset=simulated_examples(16),
        data_collator=NarrationCollator(processor),
        processing_class=processor,
    )
    loss = trainer.train().training_loss
    trainer.save_model(out)
    print(f"loss {loss:.3f} over {steps} steps; model and processor in {out}")
    return loss


if __name__ == "__main__":
    main(*sys.argv[1:])
