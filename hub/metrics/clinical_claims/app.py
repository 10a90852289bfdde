"""Space of the metric clinical_claims: compute it in the browser."""

from pathlib import Path

import evaluate

from neuronarrator_hf.evaluation.metric_demo import build_demo

EXAMPLES = {
    "predictions": ["Eyes closed. The posterior dominant rhythm is 10 Hz. Left temporal slowing is seen."],
    "references": ["Eyes closed. The posterior dominant rhythm is 9.5 Hz. Right temporal slowing is seen."],
}

demo = build_demo(evaluate.load(str(Path(__file__).resolve().parent)), EXAMPLES)

if __name__ == "__main__":
    demo.launch()
