"""Space of the metric eeg_text_overlap: compute it in the browser."""

from pathlib import Path

import evaluate

from neuronarrator_hf.evaluation.metric_demo import build_demo

EXAMPLES = {
    "predictions": ["Eyes closed. The posterior dominant rhythm is 10 Hz."],
    "references": ["The posterior dominant rhythm is 9.5 Hz with eyes closed."],
}

demo = build_demo(evaluate.load(str(Path(__file__).resolve().parent)), EXAMPLES)

if __name__ == "__main__":
    demo.launch()
