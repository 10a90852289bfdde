"""Space of the metric retrieval: compute it in the browser."""

from pathlib import Path

import evaluate

from neuronarrator_hf.evaluation.metric_demo import build_demo

EXAMPLES = {"predictions": [[1.0, 0.1], [0.2, 1.0]], "references": [[1.0, 0.0], [0.0, 1.0]]}

demo = build_demo(evaluate.load(str(Path(__file__).resolve().parent)), EXAMPLES)

if __name__ == "__main__":
    demo.launch()
