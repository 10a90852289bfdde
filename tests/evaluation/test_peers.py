"""A published encoder beside ours, by an imitation of what the protocol asks."""

from __future__ import annotations

import planted_layouts as layouts
import pytest
import torch

from neuronarrator_hf.evaluation.peers import load_peer
from neuronarrator_hf.evaluation.task_run import run_task
from neuronarrator_hf.evaluation.tasks import TASKS
from neuronarrator_hf.models import modeling_braindecode
from neuronarrator_hf.narration.voice import MeasuredVoice


class Imitation(torch.nn.Module):
    """Features are the power of each second of each site, above and below what a difference passes."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(1))

    def forward(self, x, return_features=False):
        patches = (self.gain * x).unflatten(-1, (-1, 200))
        slow, fast = patches.square().mean((1, 3)), patches.diff(dim=-1).square().mean((1, 3))
        return {"features": torch.stack([slow, fast], -1).log1p()}

    @classmethod
    def from_pretrained(cls, path):
        if path == "nowhere":
            raise OSError("no such weights")
        return cls()


def test_a_peer_is_probed_on_the_same_segments(tmp_path, monkeypatch):
    monkeypatch.setattr(modeling_braindecode, "build_encoder", lambda config: Imitation())
    root = layouts.eegmmidb(tmp_path, seconds=20)
    result = run_task(
        TASKS["eegmmidb"],
        MeasuredVoice(),
        root,
        peers=("CBraMod",),
        worded=False,
        controls=False,
        n_bootstrap=0,
    )
    scores = result["routes"]["CBraMod, regression"]["segments"]
    assert scores["n"] == 8 and scores["balanced_accuracy"] == pytest.approx(0.75)
    with pytest.raises(ValueError, match=r"cannot be loaded from nowhere \(no such weights\)"):
        load_peer("CBraMod=nowhere")


def test_peers_that_cannot_be_had(monkeypatch):
    with pytest.raises(ValueError, match="no peer 'Other'; there are CBraMod, LaBraM, EEGPT"):
        load_peer("Other")

    def missing(config):
        raise ImportError("install it in an environment of its own")

    monkeypatch.setattr(modeling_braindecode, "build_encoder", missing)
    with pytest.raises(ValueError, match="install it in an environment of its own"):
        load_peer("LaBraM")
