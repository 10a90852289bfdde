"""Every script of `examples/` runs, and says what is in the recording."""

from __future__ import annotations

import csv
import io
import re
import runpy
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mne
import pytest
from eeg_samples import awake_uv
from tiny_model import save_tiny

from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.voice import MeasuredVoice
from neuronarrator_hf.recording.writing import write_edf
from neuronarrator_hf.signal.montage import SITES_1020

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def example(name: str) -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(EXAMPLES / f"{name}.py")))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def awake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """20 s with a posterior rhythm of 10 Hz."""
    return str(write_edf(tmp_path_factory.mktemp("eeg") / "awake.edf", awake_uv(20.0), SITES_1020, 200.0))


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(name: str, *arguments: Any) -> str:
        capsys.readouterr()
        example(name).main(*arguments)
        return capsys.readouterr().out

    return call


def test_every_example_has_a_test() -> None:
    tested = {name.removeprefix("test_") for name in globals()}
    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tested


def test_narrate_file(printed: Callable[..., str], awake: str, model: str) -> None:
    told = printed("narrate_file", awake, model)
    assert "Preliminary, for review by a qualified reader; not a medical device." in told
    assert "0 to 10 s:" in told and "10 to 20 s:" in told


def test_raw_to_claims(printed: Callable[..., str], awake: str, model: str) -> None:
    raw = mne.io.read_raw(awake, verbose="error")
    rows = example("raw_to_claims").claims_table(raw, Narrator(MeasuredVoice()))
    rhythm = next(row for row in rows if row["finding"] == "posterior_dominant_rhythm")
    assert (rhythm["start_s"], rhythm["polarity"], rhythm["status"]) == (0.0, "present", "supported")
    assert "10 Hz" in rhythm["claim"]
    table = csv.DictReader(io.StringIO(printed("raw_to_claims", awake, model)))
    assert {row["start_s"] for row in table} == {"0.0", "10.0"}


def test_measure_only(printed: Callable[..., str], awake: str) -> None:
    told = printed("measure_only", awake, "40")
    assert told.count("Posterior dominant rhythm") == 2
    assert re.search(r"Posterior dominant rhythm.*\b(9\.9\d?|10|10\.0\d?|10\.1) Hz", told)


def test_simulate_and_score(printed: Callable[..., str]) -> None:
    told = printed("simulate_and_score", "0", "1", "measured")
    assert told.count("simulated:") == told.count("narrated:") == 6
    (f1,) = re.findall(r"F1 (\d\.\d\d)", told)
    assert 0.4 < float(f1) <= 1.0


def test_stream_file(printed: Callable[..., str], awake: str, model: str) -> None:
    told = printed("stream_file", awake, model)
    assert "0 to 10 s (after " in told
    assert told.rstrip().endswith("not a medical device.")


def test_stream_lsl(printed: Callable[..., str], model: str) -> None:
    """A stream of this process, sent faster than real time, through the real library."""
    pylsl = pytest.importorskip("pylsl", exc_type=(ImportError, RuntimeError))
    info = pylsl.StreamInfo("neuronarrator-test", "EEG", len(SITES_1020), 200.0, "float32", "nn-test")
    described = info.desc().append_child("channels")
    for site in SITES_1020:
        channel = described.append_child("channel")
        channel.append_child_value("label", site)
        channel.append_child_value("unit", "microvolts")
    outlet = pylsl.StreamOutlet(info)
    if not pylsl.resolve_byprop("name", "neuronarrator-test", timeout=5):
        pytest.skip("the network of this machine does not carry the Lab Streaming Layer")
    eeg_uv = awake_uv(24.0)

    def send() -> None:
        assert outlet.wait_for_consumers(60.0)
        for start in range(0, eeg_uv.shape[1], 40):
            outlet.push_chunk(eeg_uv[:, start : start + 40].T.astype("float32").tolist())
            time.sleep(0.005)

    sender = threading.Thread(target=send)
    sender.start()
    told = printed("stream_lsl", "neuronarrator-test", 22.0, model)
    sender.join()
    assert "0 s (after " in told and "10 s (after " in told
    assert told.rstrip().endswith("not a medical device.")


@pytest.mark.slow
def test_train_with_trainer(printed: Callable[..., str], model: str, tmp_path: Path) -> None:
    told = printed("train_with_trainer", str(tmp_path), model, "2")
    assert 0 < float(re.findall(r"loss (\d+\.\d+) over 2 steps", told)[0]) < 100
    assert {"model.safetensors", "processor_config.json"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.slow
def test_train_with_trl(printed: Callable[..., str], model: str, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="trl is not installed (extra `trl`)")
    told = printed("train_with_trl", str(tmp_path), model, "2")
    assert 0 < float(re.findall(r"loss (\d+\.\d+) over 2 steps", told)[0]) < 100
    assert (tmp_path / "adapter_model.safetensors").is_file()
