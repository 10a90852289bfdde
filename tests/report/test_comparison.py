"""What changed between two recordings: each kind of change planted, and silence never told as absence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eeg_samples import awake_uv
from typer.testing import CliRunner

from neuronarrator_hf.cli import app
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.narration.engine import Narrator
from neuronarrator_hf.narration.voice import MeasuredVoice
from neuronarrator_hf.report.comparison import Comparison, compare
from neuronarrator_hf.signal.montage import SITES_1020

PDR = "posterior_dominant_rhythm"


def document(name: str, *claims: Claim, seizures: int = 0, **recording: Any) -> dict[str, Any]:
    event = {"finding": "electrographic_seizure", "candidate": False, "duration_s": 30.0}
    return {
        "claims": [c.to_dict() for c in claims],
        "events": [event] * seizures,
        "quality": {"grade": "mild"},
        "recording": {
            "name": name,
            "digest": name,
            "duration_s": 1200.0,
            "ch_names": ["O1", "O2"],
            **recording,
        },
        "model": {"name": "m", "revision": "1", "version": "0"},
    }


def told(before: list[Claim], after: list[Claim]) -> Comparison:
    return compare(document("a", *before), document("b", *after))


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        (Claim("lpd", "absent"), Claim("lpd", side="left"), "new"),
        (Claim("lpd", side="left"), Claim("lpd", "absent"), "gone"),
        (Claim(PDR, frequency_hz=(7, 7)), Claim(PDR, frequency_hz=(9, 9)), "faster"),
        (Claim(PDR, frequency_hz=(9, 9)), Claim(PDR, frequency_hz=(7, 7)), "slower"),
        (Claim("gpd", prevalence="rare"), Claim("gpd", prevalence="abundant"), "increased"),
        (Claim("focal_slowing", side="left"), Claim("focal_slowing", side="bilateral"), "spread"),
        (Claim("sleep_spindles", "absent"), Claim("sleep_spindles"), "new"),
    ],
)
def test_a_planted_change_is_told(before: Claim, after: Claim, direction: str) -> None:
    (entry,) = told([before], [after]).changed
    assert (entry["finding"], entry["direction"]) == (before.finding, direction)


def test_silence_and_not_assessed_are_not_compared() -> None:
    result = told([Claim("lpd"), Claim("gpd", "not_assessed")], [Claim("gpd")])
    assert result.changed == ()
    assert {"lpd", "gpd", "spikes"} <= set(result.not_compared)
    assert "lpd" not in result.same


def test_the_same_is_the_same() -> None:
    claims = [Claim(PDR, frequency_hz=(9, 9)), Claim("spikes", "absent")]
    result = told(claims, claims)
    assert (result.changed, result.same) == ((), (PDR,))


def test_a_candidate_is_told_as_possible() -> None:
    (entry,) = told([Claim("lpd", "absent")], [Claim("lpd", hedged=True)]).changed
    assert entry["possible"] and "candidate" in entry["after"]


def test_seizures_are_counted_and_cautions_given() -> None:
    result = compare(
        document("a", Claim("eyes_closed"), seizures=3, age_years=40),
        document("b", Claim("n2_sleep"), duration_s=60.0, ch_names=["O1"], age_years=39),
    )
    assert result.seizures[0] == {"n": 3, "seconds": 90.0, "n_possible": 0}
    text = result.to_markdown()
    for words in (
        "Electrographic seizures before: 3 (1 min 30 s)",
        "lengths differ",
        "O2",
        "younger",
        "states",
    ):
        assert words in text
    assert text.rstrip().endswith("not a medical device.")


def test_a_slower_rhythm_is_found_in_the_signal(tmp_path: Path) -> None:
    paths = []
    for name, alpha_hz in (("first", 10.5), ("second", 8.0)):
        source = {
            "array": awake_uv(40.0, alpha_hz=alpha_hz), "sampling_rate": 200.0,
            "ch_names": list(SITES_1020), "units": "uV", "name": name,
        }  # fmt: skip
        narration = Narrator(MeasuredVoice()).narrate(source)
        paths.append(tmp_path / f"{name}.json")
        narration.write_json(paths[-1])
    done = CliRunner().invoke(app, ["compare", *map(str, paths)])
    assert done.exit_code == 0, done.output
    assert "**Slower**: Posterior dominant rhythm" in done.output
    out = tmp_path / "out"
    assert CliRunner().invoke(app, ["compare", *map(str, paths), "--out", str(out)]).exit_code == 0
    values = json.loads((out / "comparison.json").read_text())
    assert values["recordings"] == ["first", "second"]
    again = CliRunner().invoke(app, ["compare", *map(str, paths), "--out", str(out)])
    assert again.exit_code == 2 and "not overwritten" in again.output


def test_what_is_no_narration_is_refused_in_one_line(tmp_path: Path) -> None:
    other = tmp_path / "x.json"
    other.write_text("{}")
    for path in (other, tmp_path / "missing.json", tmp_path / "missing.edf"):
        done = CliRunner().invoke(app, ["compare", str(path), str(path)])
        assert done.exit_code == 2
        assert len(done.output.strip().splitlines()) == 1
