"""Space of the metric seizure_events: compute it in the browser."""

from pathlib import Path

import evaluate

from neuronarrator_hf.evaluation.metric_demo import build_demo

EXAMPLES = {
    "predictions": [[[80, 120], [400, 420]], []],
    "references": [[[100, 200]], [[900, 960]]],
    "durations_s": [3600, 3600],
}

demo = build_demo(evaluate.load(str(Path(__file__).resolve().parent)), EXAMPLES)

if __name__ == "__main__":
    demo.launch()
