"""Workers that listen give the result of one process, to the byte."""

from __future__ import annotations

import json

import pytest

from neuronarrator_hf.corpus.engines import Cluster, Processes
from neuronarrator_hf.evaluation import benchmarks, simulated
from neuronarrator_hf.evaluation.held_out import held_out
from neuronarrator_hf.evaluation.sharing import SharedVoice, open_voice
from neuronarrator_hf.narration.result import plain


def _result(voice, recordings) -> str:
    found = simulated.evaluate_simulated(voice, recordings=recordings, controls=False, n_bootstrap=20)
    return json.dumps(plain(found))


@pytest.fixture(scope="module")
def recordings():
    return held_out(5, 1, 7)  # more than a job, and not a whole number of jobs


@pytest.fixture(scope="module")
def alone(recordings) -> str:
    return _result(open_voice("measured", "ssm"), recordings)


def test_processes_give_the_bytes_of_one(recordings, alone: str) -> None:
    with Processes(2, ("neuronarrator_hf.evaluation.sharing",)) as engine:
        assert _result(SharedVoice("measured", "ssm", engine), recordings) == alone


def test_a_cluster_gives_the_bytes_of_one(recordings, alone: str) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as local,
        Cluster(local.scheduler_address) as engine,
    ):
        assert _result(SharedVoice("measured", "ssm", engine), recordings) == alone


def test_a_shared_voice_speaks_here_too(recordings) -> None:
    voice = SharedVoice("measured", "ssm", Processes(2))
    assert voice.identity == open_voice("measured", "ssm").identity


def test_no_workers_are_refused() -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        benchmarks.run("simulated", model="measured", workers=0)
