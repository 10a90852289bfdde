"""Space of the metric numeric_fidelity: compute it in the browser."""

from pathlib import Path

import evaluate

from neuronarrator_hf.evaluation.metric_demo import build_demo

EXAMPLES = {
    "predictions": ["The posterior dominant rhythm is 10 Hz with an amplitude of 40 µV."],
    "references": ["The posterior dominant rhythm is 10 Hz with an amplitude of 60 µV."],
}

demo = build_demo(evaluate.load(str(Path(__file__).resolve().parent)), EXAMPLES)

if __name__ == "__main__":
    demo.launch()
