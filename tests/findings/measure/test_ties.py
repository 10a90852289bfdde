"""What is equally right is told the same in every process, whatever the order of its sets."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from neuronarrator_hf.findings.measure.transients import commonest


def test_the_commonest_name() -> None:
    assert commonest(["temporal", "frontal", "temporal"]) == "temporal"
    assert commonest(["temporal", "frontal"]) == commonest(["frontal", "temporal"]) == "frontal"
    assert commonest([]) is None


@pytest.mark.parametrize(
    "code",
    [
        "from neuronarrator_hf.findings.measure.transients import commonest as f\n"
        "print([f([a, b]) for a in 'abcde' for b in 'abcde'])",
        "import numpy as np\n"
        "from neuronarrator_hf.findings.measure.periodic import _regions as f\n"
        "print([f(np.eye(18)[i]) for i in range(18)])",
    ],
    ids=["commonest", "regions"],
)
def test_processes_agree(code: str) -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(answers) == 1
