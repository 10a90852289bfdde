"""Every benchmark on a miniature in its native layout, the baseline's figures counted by hand."""

from __future__ import annotations

import planted_layouts as layouts
import pytest

from neuronarrator_hf.evaluation.task_report import to_markdown
from neuronarrator_hf.evaluation.task_run import run_task
from neuronarrator_hf.evaluation.tasks import TASKS
from neuronarrator_hf.narration.voice import MeasuredVoice

BAND_POWER = "band power, regression"


def run(name, root, **options):
    options = {"worded": False, "controls": False, "n_bootstrap": 50} | options
    result = run_task(TASKS[name], MeasuredVoice(), root, **options)
    assert to_markdown(result).count("|") > 20
    return result


def baseline(result, level="segments"):
    return result["routes"][BAND_POWER][level]


def test_tuab(tmp_path):
    result = run("tuab", layouts.tuab(tmp_path))
    assert result["counts"]["test"]["segments"] == {"abnormal": 8, "normal": 4}
    # normal 4 of 4; abnormal 4 of 8, the other four show alpha
    assert baseline(result)["balanced_accuracy"] == pytest.approx((1 + 0.5) / 2)
    assert baseline(result)["kappa"] == pytest.approx(
        (8 / 12 - (8 * 4 + 4 * 8) / 144) / (1 - (8 * 4 + 4 * 8) / 144)
    )
    assert baseline(result, "recordings")["balanced_accuracy"] == pytest.approx((1 + 0.5) / 2)
    assert baseline(result, "recordings")["n"] == 3
    assert result["routes"]["prior"]["segments"]["balanced_accuracy"] == 0.5
    assert {row["model"] for row in result["as_published"]} >= {"CBraMod", "LaBraM-Base"}


def test_a_test_part_of_one_class_is_warned_of(tmp_path):
    result = run("tuab", layouts.tuab(tmp_path), limit=1)
    assert result["warnings"] == [
        "the test part holds no normal: figures tell nothing of it",
        "the training part holds no normal: regressions tell nothing of it",
        "the test part is one person: there are no intervals over persons",
    ]
    assert "**Warning: the test part holds no normal" in to_markdown(result)
    assert BAND_POWER in result["missing"]


@pytest.mark.slow
def test_tuev(tmp_path):
    result = run("tuev", layouts.tuev(tmp_path))
    assert result["counts"]["test"]["segments"] == dict.fromkeys(
        ("spsw", "gped", "pled", "eyem", "artf", "bckg"), 2
    )
    # background lies on what artifact looks like: five of six classes right
    assert baseline(result)["balanced_accuracy"] == pytest.approx(5 / 6)
    assert baseline(result)["per_class"]["artf"]["precision"] == 0.5
    assert baseline(result)["kappa"] == pytest.approx((5 / 6 - 1 / 6) / (1 - 1 / 6))


@pytest.mark.slow
def test_tusz(tmp_path):
    result = run("tusz", layouts.tusz(tmp_path))
    assert result["counts"]["test"]["segments"] == {"background": 42, "seizure": 6}
    events = baseline(result, "events")
    assert (events["event"]["true_events"], events["event"]["tp"], events["event"]["fp"]) == (1, 1, 1)
    assert events["event"]["pooled"]["false_positives_per_day"] == pytest.approx(1 / (480 / 86400))
    # 36 of 42 background segments, 6 of 6 seizure segments
    assert baseline(result)["balanced_accuracy"] == pytest.approx((36 / 42 + 1) / 2)


@pytest.mark.slow
def test_tusl(tmp_path):
    result = run("tusl", layouts.tusl(tmp_path))
    assert result["counts"]["test"]["segments"] == {"bckg": 2, "slow": 2, "seiz": 2}
    assert baseline(result)["balanced_accuracy"] == pytest.approx(2 / 3)


@pytest.mark.slow
def test_chb_mit(tmp_path):
    result = run("chb-mit", layouts.chb_mit(tmp_path))
    assert result["counts"]["train"]["persons"] == 2 and result["counts"]["test"]["persons"] == 2
    event = baseline(result, "events")["event"]
    assert (event["true_events"], event["tp"], event["fp"]) == (1, 1, 1)
    assert event["per_subject"]["sensitivity"] == 1.0  # case 23 has none by its summary
    assert event["per_subject"]["precision"] == pytest.approx((1 + 0) / 2)


@pytest.mark.slow
def test_siena(tmp_path):
    result = run("siena", layouts.siena(tmp_path))
    events = baseline(result, "events")
    # shown at 60-120 s, told at 200-230 s: beyond the 30 s before it that may still count
    assert (events["event"]["true_events"], events["event"]["tp"], events["event"]["fp"]) == (1, 0, 1)
    assert (events["sample"]["true_events"], events["sample"]["tp"], events["sample"]["fp"]) == (30, 0, 60)


@pytest.mark.parametrize("name", ["sleep-edf", "hmc"])
def test_staging(name, tmp_path):
    result = run(name, getattr(layouts, name.replace("-", "_"))(tmp_path))
    assert result["counts"]["test"]["segments"] == {"W": 1, "N1": 2, "N2": 1, "N3": 1}
    assert baseline(result)["accuracy"] == pytest.approx(4 / 5)
    assert baseline(result)["kappa"] == pytest.approx((4 / 5 - 6 / 25) / (1 - 6 / 25))
    # F1: W 1, N1 2/3, N2 2/3, N3 1
    assert baseline(result)["macro_f1"] == pytest.approx((1 + 2 / 3 + 2 / 3 + 1) / 4)


@pytest.mark.slow
def test_hms(tmp_path):
    result = run("hms-iiic", layouts.hms(tmp_path))
    assert result["counts"]["test"]["segments"] == dict.fromkeys(layouts.HMS_KINDS, 1)
    assert baseline(result)["balanced_accuracy"] == pytest.approx(5 / 6)
    assert 0 < baseline(result)["vote_divergence"] < result["routes"]["prior"]["segments"]["vote_divergence"]


def test_eegmmidb(tmp_path):
    result = run("eegmmidb", layouts.eegmmidb(tmp_path))
    assert result["counts"]["test"]["segments"] == {"eyes open": 8, "eyes closed": 8}
    assert baseline(result)["balanced_accuracy"] == pytest.approx((1 + 0.5) / 2)
    assert baseline(result, "recordings")["balanced_accuracy"] == pytest.approx((1 + 0.5) / 2)


@pytest.mark.slow
def test_eegmat(tmp_path):
    result = run("eegmat", layouts.eegmat(tmp_path))
    assert baseline(result)["balanced_accuracy"] == pytest.approx((1 + 0.5) / 2)
    assert "network" not in result["routes"] and "findings and claims" in result["missing"]


@pytest.mark.slow
def test_ds004504(tmp_path):
    result = run("ds004504", layouts.ds004504(tmp_path))
    assert baseline(result)["balanced_accuracy"] == pytest.approx(2 / 3)
    assert baseline(result, "recordings")["accuracy"] == pytest.approx(2 / 3)
    assert result["routes"]["prior"]["segments"]["auroc"] == 0.5
