"""The wheel and the sdist carry everything that narration needs, the default model included."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from neuronarrator_hf.models.default import default_model_dir

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def _run(arguments: list[str], **kwargs: object) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(arguments, capture_output=True, text=True, check=False, **kwargs)  # type: ignore[call-overload]
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return result


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both distributions, built from this checkout; the wheel is built from the sdist."""
    out = tmp_path_factory.mktemp("dist")
    _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)])
    return {"wheel": next(out.glob("*.whl")), "sdist": next(out.glob("*.tar.gz"))}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_default_narrates_from_an_installed_distribution(
    kind: str, distributions: dict[str, Path], tmp_path: Path
) -> None:
    site = tmp_path / "site"
    install = ["-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(site)]
    _run([sys.executable, *install, str(distributions[kind])])
    environment = {**os.environ, "PYTHONPATH": str(site), "HF_HUB_OFFLINE": "1"}
    where = _run(
        [sys.executable, "-c", "import neuronarrator_hf; print(neuronarrator_hf.__file__)"],
        env=environment,
        cwd=tmp_path,
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
    command = [sys.executable, "-m", "neuronarrator_hf.cli", "narrate", "--example", "--out", "report"]
    _run(command, env=environment, cwd=tmp_path)
    written = {path.suffix for path in (tmp_path / "report").iterdir()}
    assert {".json", ".md", ".html"} <= written


def test_sdist_holds_the_model_and_no_data(distributions: dict[str, Path]) -> None:
    with tarfile.open(distributions["sdist"]) as archive:
        names = archive.getnames()
    assert any(name.endswith("hub/model/model.safetensors") for name in names)
    assert not [name for name in names if name.endswith((".edf", ".bdf", ".npz", ".pt"))]


def test_checkout_finds_its_default_model() -> None:
    assert default_model_dir() == ROOT / "hub" / "model"
