"""One command of training: preset, previous stage, loop, calibration, model folder."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from .arguments import STAGES, RunArguments, load_arguments
from .memory import keep_freed_memory

_BEFORE = {"language": None, "align": "language", "narrate": "align"}


def run(
    stage: str,
    config: str = "tiny",
    *,
    runs: str | Path | None = None,
    init: str | Path | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    max_minutes: float | None = None,
    max_steps: int | None = None,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    num_processes: int | None = None,
    push_to_hub: str | None = None,
) -> dict[str, Any]:
    """Train one stage, or `all` in order (without `language` before a pretrained language model).

    Args:
        stage: language, align, narrate or all; recordings only simulates what they read.
        config: Preset of the package or YAML file.
        runs: Folder of the run; each stage has a folder in it. Default `runs/CONFIG`.
        init: Model folder to start from; default the best of the stage before, where it was run.
        out: Folder for the finished model and processor; default `RUNS/STAGE/final`.
        resume: Continue from the stage's checkpoint.
        max_minutes: Wall-clock budget of the stage, over the preset's.
        max_steps: Optimizer steps of the stage, over the preset's.
        seed: Seed of the run, over the preset's.
        overrides: Further `key=value` over the preset, such as `data.n_windows=4`.
        num_processes: Fails where Accelerate runs another number.
        push_to_hub: Repository that the folder of the finished model is uploaded to.

    Returns:
        Steps, seconds and figures of the stage (of the last one with `all`).
    """
    if stage == "all":
        result: dict[str, Any] = {}
        # A pretrained language model can write: what findings are called it learns in stage `narrate`.
        can_write = "language_model" in load_arguments(config, overrides).model
        for name in STAGES[1:] if can_write else STAGES:
            last = name == STAGES[-1]
            result = run(
                name, config, runs=runs, resume=resume, seed=seed, overrides=overrides,
                num_processes=num_processes, max_minutes=max_minutes, max_steps=max_steps,
                out=out if last else None, push_to_hub=push_to_hub if last else None,
            )  # fmt: skip
        return result
    overrides = list(overrides)
    if seed is not None:
        overrides.append(f"seed={seed}")
    if stage == "recordings":
        return _simulate(load_arguments(config, overrides))
    if stage not in STAGES:
        raise ValueError(f"no stage {stage!r}; there are {', '.join(STAGES)}, all")
    for key, value in (("max_minutes", max_minutes), ("max_steps", max_steps)):
        if value is not None:
            overrides.append(f"stages.{stage}.{key}={value}")
    arguments = load_arguments(config, overrides)
    if stage == "language" and arguments.model.get("num_finding_tokens") == 0:
        raise ValueError("stage language words concept tokens, and num_finding_tokens=0; start with align")
    folder = Path(runs or Path("runs") / Path(config).stem) / stage
    keep_freed_memory()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)

    from .loop import train
    from .stages import build_stage

    start = _start(init, folder.parent, stage)
    built = build_stage(stage, arguments, start)
    result = train(
        built,
        arguments.stages[stage],
        folder,
        seed=arguments.seed,
        resume=resume,
        expected_processes=num_processes,
    )
    if int(os.environ.get("RANK", "0")) == 0:
        final = Path(out) if out is not None else folder / "final"
        result |= _finish(built, folder, final)
        _record(final, stage, config, arguments.seed, overrides, result, start)
        (folder / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        if push_to_hub:
            result["pushed_to"] = _push(final, push_to_hub)
    return result


def _simulate(arguments: RunArguments) -> dict[str, Any]:
    """The recordings of a preset, made where they are absent."""
    from .cache import recordings_of

    cache = recordings_of(arguments)
    if cache is None:
        raise ValueError("data.cache_dir is not set: this preset simulates every batch anew")
    return {"recordings": len(cache), "folder": str(cache.folder)}


def _push(folder: Path, repository: str) -> str:
    """Upload the folder of the finished model as it lies on disk; its address."""
    from huggingface_hub import HfApi

    api = HfApi()
    url = api.create_repo(repository, exist_ok=True)
    api.upload_folder(repo_id=url.repo_id, folder_path=folder, commit_message="Trained model")
    return str(url)


def _start(init: str | Path | None, runs: Path, stage: str) -> Path | None:
    """The model folder a stage starts from: the one named, else the latest earlier stage of the run."""
    if init is not None:
        if not (Path(init) / "config.json").is_file():
            raise ValueError(f"{init} holds no model (config.json is missing)")
        return Path(init)
    before = _BEFORE[stage]
    while before is not None:
        for name in ("final", "best", "last"):
            if (runs / before / name / "config.json").is_file():
                return runs / before / name
        before = _BEFORE[before]
    return None


def _finish(built: Any, folder: Path, final: Path) -> dict[str, Any]:
    """The best weights and their calibration, saved into the folder of the finished model."""
    source = folder / ("best" if (folder / "best" / "config.json").is_file() else "last")
    final.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.is_file():
            shutil.copy2(path, final / path.name)
    return built.finish(final)


def _record(
    final: Path,
    stage: str,
    config: str,
    seed: int,
    overrides: Sequence[str],
    result: dict,
    start: Path | None,
) -> None:
    """`training.json`: how the weights were made, the stages before included."""
    earlier = []
    if start is not None and (start / "training.json").is_file():
        earlier = json.loads((start / "training.json").read_text(encoding="utf-8"))["stages"]
    command = f"neuronarrator train {stage} --config {config} --seed {seed}"
    entry = {
        "stage": stage,
        "command": " ".join([command, *(f"--set {o}" for o in overrides if not o.startswith("seed="))]),
        "seed": seed,
        **{k: v for k, v in result.items() if isinstance(v, int | float | str) and k != "stage"},
    }
    (final / "training.json").write_text(
        json.dumps({"stages": [*earlier, entry]}, indent=1) + "\n", encoding="utf-8"
    )
