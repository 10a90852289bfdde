"""The training runs on a machine without mne, datasets, edfio and the other readers."""

from __future__ import annotations

import subprocess
import sys

BLOCKED = """
import sys

for name in ("mne", "datasets", "edfio", "typer", "pandas", "matplotlib"):
    sys.modules[name] = None  # importing it raises ModuleNotFoundError
import neuronarrator_hf.training.run
import neuronarrator_hf.training.loop
import neuronarrator_hf.training.stages
import neuronarrator_hf.training.parts
import neuronarrator_hf.training.cache
import neuronarrator_hf.training.real
import neuronarrator_hf.simulation.batch
import neuronarrator_hf.findings.parse
import neuronarrator_hf.findings.write
print("imported")
"""


def test_training_needs_no_reader():
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip().endswith("imported"), done.stderr[-2000:]
