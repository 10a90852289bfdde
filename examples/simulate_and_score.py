"""Simulate a recording whose truth is known, narrate it, and score the claims against that truth.

python examples/simulate_and_score.py [SEED] [MINUTES] [MODEL]

With `measured` as the model, the measurements speak alone: the baseline every model has to improve on.
"""

from __future__ import annotations

import sys

from neuronarrator_hf.evaluation.claims import score_claims
from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.voice import MeasuredVoice
from neuronarrator_hf.simulation.scenario import Scenario, render


def main(seed: str = "0", minutes: str = "2", model: str | None = None) -> None:
    simulated = render(Scenario.draw(int(seed), float(minutes)))
    narrator = Narrator(MeasuredVoice()) if model == "measured" else Narrator.from_pretrained(model)
    recording = {
        "array": simulated.eeg_uv,
        "sampling_rate": simulated.sfreq,
        "ch_names": list(simulated.ch_names),
        "units": "uV",
    }
    windows = list(narrator.narrate(recording).windows)
    for window, truth in zip(windows, simulated.window_claims, strict=True):
        present = ", ".join(claim.finding for claim in truth if claim.is_present)
        print(f"{window.start_s:g} s  simulated: {present}\n{'':6}narrated: {window.text}")
    scores = score_claims([w.claims for w in windows], simulated.window_claims, n_bootstrap=0)
    print(f"precision {scores['precision']:.2f}, recall {scores['recall']:.2f}, F1 {scores['f1']:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
