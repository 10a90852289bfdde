"""The page of a metric's Space: a field per input as JSON, a button, the scores as JSON."""

from __future__ import annotations

import json
from typing import Any


def build_demo(metric: Any, examples: dict[str, Any]) -> Any:
    """A Gradio page that computes an `evaluate` metric.

    `evaluate`'s own widget needs the component names of Gradio 3, which newer ones do not have.

    Args:
        metric: A loaded `evaluate.Metric`.
        examples: What the fields hold at first; its keys are the arguments of `compute`.
    """
    import gradio as gr

    names = list(examples)

    def compute(*values: str) -> dict[str, Any]:
        try:
            arguments = {name: json.loads(v) for name, v in zip(names, values, strict=True) if v.strip()}
            return metric.compute(**arguments)
        except (ValueError, TypeError, KeyError) as error:
            raise gr.Error(str(error)) from error

    with gr.Blocks(title=metric.name, analytics_enabled=False) as demo:
        gr.Markdown(f"# {metric.name}\n\n{metric.description}")
        fields = [
            gr.Code(json.dumps(value, indent=1, ensure_ascii=False), language="json", label=name)
            for name, value in examples.items()
        ]
        scores = gr.JSON(label="scores")
        gr.Button("Compute", variant="primary").click(compute, fields, scores, api_name="compute")
    return demo
