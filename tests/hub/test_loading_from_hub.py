"""A release on a Hub: pushed once, loaded in fresh processes the way its users will."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub_server import HubServer, serve_hub

from neuronarrator_hf.publishing.build import build_release

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
pytest.importorskip("datasets")

Run = Callable[..., subprocess.CompletedProcess[str]]

EEG = """
import numpy as np
names = "Fp1 F3 C3 P3 O1 F7 T7 P7 Fz Cz Pz Fp2 F4 C4 P4 O2 F8 T8 P8".split()
eeg_uv = np.random.default_rng(0).normal(0, 10, (19, 2000))
eeg = {"array": eeg_uv, "sampling_rate": 200.0, "ch_names": names, "units": "uV"}
"""
ABSENT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "neuronarrator_hf":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""
"""As if the package were not installed."""


@pytest.fixture(scope="module")
def pushed(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with serve_hub() as server:
        push(server, release, tmp_path_factory.mktemp("home"))
        yield server


def push(hub: HubServer, release: Path, home: Path, *options: str) -> subprocess.CompletedProcess[str]:

    command = [
        sys.executable,
        "-m",
        "neuronarrator_hf.cli",
        "hub",
        "push",
        str(release),
        "--org",
        "org",
        *options,
    ]
    environment = {**os.environ, **hub.environment(home)}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def test_every_repository_is_there_and_every_route_was_known(pushed: HubServer) -> None:
    there = set(pushed.repositories)
    assert {
        ("models", "org/neuronarrator"),
        ("datasets", "org/NeuroCorpus"),
        ("spaces", "org/neuronarrator"),
    } < there
    assert ("spaces", "org/clinical_claims") in there
    assert pushed.unknown == []
    _, tree = pushed.repositories["models", "org/neuronarrator"].commits[-1]
    assert b"ORG/" not in tree["README.md"].content


def test_by_name_with_the_package_imported(pushed: HubServer, run: Run) -> None:
    code = (
        EEG
        + """
import neuronarrator_hf
from transformers import AutoModelForCausalLM, AutoProcessor, pipeline
model = AutoModelForCausalLM.from_pretrained("org/neuronarrator")
processor = AutoProcessor.from_pretrained("org/neuronarrator")
narration = pipeline("eeg-to-text", model="org/neuronarrator")(eeg)
print(type(model).__module__, type(processor).__name__, narration["model"]["name"], len(narration["chunks"]))
"""
    )
    told = last_line(run(pushed, "-c", code))
    assert told == "neuronarrator_hf.models.modeling_neuronarrator NeuroNarratorProcessor org/neuronarrator 1"


def test_with_trust_and_the_package_not_imported(pushed: HubServer, run: Run, tmp_path: Path) -> None:
    code = (
        EEG
        + """
import sys
from transformers import AutoModelForCausalLM, AutoProcessor, pipeline
assert not [m for m in sys.modules if m.startswith("neuronarrator_hf")]
processor = AutoProcessor.from_pretrained("org/neuronarrator", trust_remote_code=True)
model = AutoModelForCausalLM.from_pretrained("org/neuronarrator", trust_remote_code=True)
narration = pipeline("eeg-to-text", model="org/neuronarrator", trust_remote_code=True)(eeg)
model.save_pretrained("saved"); processor.save_pretrained("saved")
print(type(model).__module__, type(model.config) is model.config_class, len(narration["chunks"]))
"""
    )
    told = last_line(run(pushed, "-c", code))
    assert told == "neuronarrator_hf.models.modeling_neuronarrator True 1"
    saved = {path.name for path in (tmp_path / "saved").iterdir()}
    assert not [name for name in saved if name.endswith(".py")]
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert "auto_map" not in config  # it would name a file that is not saved


@pytest.mark.parametrize("loader", ["AutoModelForCausalLM", "AutoProcessor"])
def test_the_pipeline_alone_and_each_class_first(pushed: HubServer, run: Run, loader: str) -> None:
    code = f"""
from transformers import {loader}
print(type({loader}.from_pretrained("org/neuronarrator", trust_remote_code=True)).__module__)
"""
    assert last_line(run(pushed, "-c", code)).startswith("neuronarrator_hf.models.")


def test_without_the_package_the_message_says_what_to_install(pushed: HubServer, run: Run) -> None:
    for line in (
        'AutoModelForCausalLM.from_pretrained("org/neuronarrator", trust_remote_code=True)',
        'pipeline("eeg-to-text", model="org/neuronarrator", trust_remote_code=True)',
    ):
        done = run(pushed, "-c", f"{ABSENT}\nfrom transformers import AutoModelForCausalLM, pipeline\n{line}")
        assert done.returncode == 1
        assert "pip install neuronarrator_hf" in done.stderr.strip().splitlines()[-1]


def test_a_pinned_revision_stays_what_it_was(release: Path, run: Run, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(release, changed)
    config_file = changed / "models" / "neuronarrator" / "config.json"
    config = json.loads(config_file.read_text())
    config_file.write_text(json.dumps({**config, "lm_loss_weight": 0.25}))
    with serve_hub() as hub:
        last_line(push(hub, release, tmp_path / "home"))
        first, _ = hub.repositories["models", "org/neuronarrator"].commits[-1]
        last_line(push(hub, changed, tmp_path / "home"))
        code = """
import sys, neuronarrator_hf
from transformers import AutoModelForCausalLM
for revision in sys.argv[1:]:
    print(AutoModelForCausalLM.from_pretrained("org/neuronarrator", revision=revision).config.lm_loss_weight)
"""
        done = run(hub, "-c", code, first, "main")
        last_line(done)
        assert done.stdout.split() == ["1.0", "0.25"]
        refused = run(hub, "-c", code, "0" * 40)
        assert refused.returncode == 1 and "is not a valid git identifier" in refused.stderr


def test_offline_from_the_cache(pushed: HubServer, run: Run, tmp_path: Path) -> None:
    code = (
        EEG
        + """
import neuronarrator_hf
from transformers import pipeline
print(len(pipeline("eeg-to-text", model="org/neuronarrator")(eeg)["chunks"]))
"""
    )
    home = tmp_path / "cache"
    assert last_line(run(pushed, "-c", code, home=home)) == "1"
    before = len(pushed.requests)
    assert last_line(run(pushed, "-c", code, home=home, HF_HUB_OFFLINE="1")) == "1"
    assert len(pushed.requests) == before
    nothing = run(pushed, "-c", code, home=tmp_path / "empty", HF_HUB_OFFLINE="1")
    assert nothing.returncode == 1


def test_the_data_set_streams(pushed: HubServer, run: Run) -> None:
    code = """
from datasets import load_dataset
rows = load_dataset("org/NeuroCorpus", split="train", streaming=True)
print(len(list(rows)), load_dataset("org/NeuroCorpus", split="train").num_rows)
"""
    assert last_line(run(pushed, "-c", code)) == "3 3"


def test_a_metric_by_name(pushed: HubServer, run: Run) -> None:
    pytest.importorskip("evaluate")
    code = """
import evaluate
metric = evaluate.load("org/clinical_claims")
said = ["The posterior dominant rhythm is 10 Hz."]
print(metric.compute(predictions=said, references=said)["f1"])
"""
    assert last_line(run(pushed, "-c", code)) == "1.0"


def test_an_adapter_on_the_base(pushed: HubServer, run: Run) -> None:
    pytest.importorskip("peft")
    code = (
        EEG
        + """
import torch, neuronarrator_hf
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoProcessor
base = AutoModelForCausalLM.from_pretrained("org/neuronarrator")
processor = AutoProcessor.from_pretrained("org/neuronarrator")
places = r"language_model.*(q_proj|v_proj)"
lora = LoraConfig(target_modules=places, task_type="CAUSAL_LM", init_lora_weights=False)
tuned = get_peft_model(base, lora)
inputs = processor(eeg=eeg, return_tensors="pt")
with torch.inference_mode():
    wanted = tuned(**inputs).logits
tuned.push_to_hub("org/neuronarrator-tuned")
plain = AutoModelForCausalLM.from_pretrained("org/neuronarrator")
direct = AutoModelForCausalLM.from_pretrained("org/neuronarrator-tuned")
base = AutoModelForCausalLM.from_pretrained("org/neuronarrator")
again = PeftModel.from_pretrained(base, "org/neuronarrator-tuned")
with torch.inference_mode():
    print([float((m(**inputs).logits - wanted).abs().max()) < 1e-5 for m in (again, direct, plain)])
"""
    )
    assert last_line(run(pushed, "-c", code)) == "[True, True, False]"


def test_pushing_again_sends_nothing(release: Path, tmp_path: Path) -> None:
    with serve_hub() as hub:
        last_line(push(hub, release, tmp_path / "home"))
        commits = {key: len(r.commits) for key, r in hub.repositories.items()}
        sent = [line for line in hub.requests if line.startswith("PUT")]
        assert sent
        last_line(push(hub, release, tmp_path / "home"))
        assert {key: len(r.commits) for key, r in hub.repositories.items()} == commits
        assert [line for line in hub.requests if line.startswith("PUT")] == sent


def test_a_push_broken_off_goes_on_where_it_was(release: Path, tmp_path: Path) -> None:
    with serve_hub() as hub:
        hub.break_uploads = 1
        broken = push(hub, release, tmp_path / "home")
        assert broken.returncode == 2
        (said,) = broken.stderr.strip().splitlines()[-1:]
        assert "was not sent" in said and "hf auth login" in said and "Traceback" not in broken.stderr
        last_line(push(hub, release, tmp_path / "home"))
        assert ("datasets", "org/NeuroCorpus") in hub.repositories
        sent = [line for line in hub.requests if line.startswith("PUT")]
        assert len(set(sent)) == len(sent) - 1  # only the one that was broken off was sent twice


def test_a_hub_that_cannot_be_reached_is_one_line(release: Path, tmp_path: Path) -> None:
    with serve_hub() as hub:
        pass
    done = push(hub, release, tmp_path / "home")
    (said,) = done.stderr.strip().splitlines()[-1:]
    assert done.returncode == 2 and "was not sent" in said and "internal error" not in done.stderr


def test_what_is_gone_here_goes_there(release: Path, tmp_path: Path) -> None:
    with serve_hub() as hub:
        last_line(push(hub, release, tmp_path / "home"))
        changed = tmp_path / "changed"
        shutil.copytree(release, changed)
        (changed / "models" / "neuronarrator" / "generation_config.json").unlink()
        last_line(push(hub, changed, tmp_path / "home"))
        _, tree = hub.repositories["models", "org/neuronarrator"].commits[-1]
        assert "generation_config.json" not in tree and ".gitattributes" in tree


def test_a_dry_run_asks_nothing_of_the_hub(release: Path, tmp_path: Path) -> None:
    with serve_hub() as hub:
        assert "would be sent" in last_line(push(hub, release, tmp_path / "home", "--dry-run"))
        assert hub.requests == []


def test_a_release_that_does_not_pass_is_not_sent(release: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(release, changed)
    (changed / "models" / "neuronarrator" / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with serve_hub() as hub:
        done = push(hub, changed, tmp_path / "home")
        assert done.returncode == 2 and "may run code" in done.stderr and hub.requests == []


def test_private_repositories_stay_private(tiny_dir: Path, tmp_path: Path, run: Run) -> None:
    build_release(tmp_path / "out", tiny_dir)
    with serve_hub() as hub:
        last_line(push(hub, tmp_path / "out", tmp_path / "home", "--private"))
        code = """
import neuronarrator_hf
from transformers import AutoConfig
AutoConfig.from_pretrained("org/neuronarrator")
"""
        assert run(hub, "-c", code).returncode == 0
        assert run(hub, "-c", code, home=tmp_path / "other", HF_TOKEN="").returncode == 1
