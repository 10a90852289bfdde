"""Benchmarks by name: simulations, expert-labelled excerpts, and tasks over public sources."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..corpus.engines import InProcess, make_engine
from . import real, real_report, simulated, task_report
from .expert_labels import read_labels
from .judge import judge_agreement, load_judge
from .provenance import files_digest, provenance
from .real_controls import run_page_controls
from .sharing import PRELOADED, SharedVoice, open_voice
from .task import Task
from .task_run import run_task
from .tasks import TASKS

_REGRESSION, _EVENTS = "sklearn", "timescoring"


@dataclass(frozen=True)
class Settings:
    """How a benchmark is run.

    Attributes:
        limit: Recordings at most (of each kind or part).
        seed: Of controls, resampling and simulated sets.
        per_recording: Segments at most of each recording of a public source.
        worded: Let the model word what it hears.
        also: Optional routes to classes.
        peers: Published encoders, each with a linear probe.
        controls: Run the controls.
        prompts: File of label prompts.
        model: Where the model was loaded from.
    """

    limit: int | None = None
    seed: int = 0
    per_recording: int | None = None
    worded: bool = True
    also: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    controls: bool = True
    prompts: Path | None = None
    model: str | None = None


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes:
        name: As given to `--benchmark`.
        needs_root: Whether it reads recordings from `--root`.
        evaluate: `(voice, root, settings)` to results.
        to_markdown: Results to tables.
        packages: Modules of the extra `eval` that it needs.
    """

    name: str
    needs_root: bool
    evaluate: Callable[[Any, Path | None, Settings], dict[str, Any]]
    to_markdown: Callable[[dict[str, Any]], str]
    packages: tuple[str, ...] = ()


def _simulated(voice: Any, root: Path | None, settings: Settings) -> dict[str, Any]:
    return simulated.evaluate_simulated(
        voice, n=settings.limit or 200, seed=settings.seed, controls=settings.controls
    )


def _icu_pages(voice: Any, root: Path | None, settings: Settings) -> dict[str, Any]:
    assert root is not None
    pages = real.hear_recordings(voice, read_labels(root, ("icu_vecams",))[: settings.limit])
    clips = real.hear_recordings(voice, read_labels(root, ("icu_sparcnet", "icu_iiic_irr"))[: settings.limit])
    result: dict[str, Any] = {
        "data_digest": _digest([*pages, *clips]),
        "pages": real.score_pages(pages),
        "clips": real.score_clips(clips),
        "recordings": real.claims_table([*pages, *clips]),
    }
    if settings.controls:
        result["controls"] = run_page_controls(voice, pages, seed=settings.seed)
    return result


def _awake(voice: Any, root: Path | None, settings: Settings) -> dict[str, Any]:
    assert root is not None
    heard = real.hear_recordings(voice, read_labels(root, ("awake",))[: settings.limit])
    return {
        "data_digest": _digest(heard),
        "awake": real.score_awake(heard),
        "recordings": real.claims_table(heard),
    }


def _digest(heard: Sequence[real.HeardRecording]) -> str:
    return files_digest(
        ((f"{h.labelled.source}/{h.labelled.path.name}", h.labelled.path) for h in heard), contents=True
    )


def _of_task(task: Task) -> Benchmark:
    def evaluate(voice: Any, root: Path | None, settings: Settings) -> dict[str, Any]:
        assert root is not None
        return run_task(
            task,
            voice,
            root,
            limit=settings.limit,
            per_recording=settings.per_recording,
            worded=settings.worded,
            also=settings.also,
            peers=settings.peers,
            model=settings.model,
            controls=settings.controls,
            prompts=settings.prompts,
            seed=settings.seed,
        )

    needed = (_REGRESSION, _EVENTS) if task.events else (_REGRESSION,)
    return Benchmark(task.name, True, evaluate, task_report.to_markdown, needed)


BENCHMARKS: dict[str, Benchmark] = {
    b.name: b
    for b in (
        Benchmark("simulated", False, _simulated, simulated.to_markdown),
        Benchmark("icu-pages", True, _icu_pages, real_report.to_markdown, (_REGRESSION,)),
        Benchmark("awake", True, _awake, real_report.to_markdown),
        *map(_of_task, TASKS.values()),
    )
}


def run(
    benchmark: str,
    *,
    root: str | Path | None = None,
    model: str | Path | None = None,
    out: str | Path | None = None,
    history: str = "ssm",
    also: Sequence[str] = (),
    peers: Sequence[str] = (),
    judge: str | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Run a benchmark on a model: what `neuronarrator evaluate` does.

    Args:
        benchmark: Name of a benchmark.
        root: Folder of its recordings.
        model: Repository name or folder; `measured` for the measurements alone; None is the embedded default.
        out: Folder for `NAME.json` and `NAME.md`; None writes nothing.
        history: History mode of the narration.
        also: Optional routes to classes, see `Settings`.
        peers: Published encoders, see `Settings`.
        judge: Another language model that reads the texts (`judge.load_judge`); None asks none.
        workers: Processes that listen; the result is the same for any number.
        scheduler: A Dask scheduler whose workers listen in their place.
        **settings: The other fields of `Settings`.

    Returns:
        The results with versions, model, hashes, seeds and hardware.

    Raises:
        ValueError: There is no such benchmark, or it needs a folder.
    """
    from ..narration.engine import HISTORY_MODES
    from ..narration.result import plain

    if benchmark not in BENCHMARKS:
        raise ValueError(f"no benchmark {benchmark!r}; there are {', '.join(BENCHMARKS)}")
    declared = BENCHMARKS[benchmark]
    if declared.needs_root and root is None:
        raise ValueError(f"the benchmark {benchmark!r} needs --root, the folder of its recordings")
    missing = [name for name in declared.packages if find_spec(name) is None]
    if missing:
        raise ValueError(
            f"the benchmark {benchmark!r} needs {', '.join(missing)}; "
            "run: pip install 'neuronarrator_hf[eval]'"
        )
    if history not in HISTORY_MODES:
        raise ValueError(f"history must be one of {', '.join(HISTORY_MODES)}, got {history!r}")
    name = None if model is None else str(model)
    chosen = Settings(also=tuple(also), peers=tuple(peers), model=name, **settings)
    with make_engine(workers, scheduler, PRELOADED) as engine:
        alone = isinstance(engine, InProcess)
        voice = open_voice(name, history) if alone else SharedVoice(name, history, engine)
        result = declared.evaluate(voice, None if root is None else Path(root), chosen)
    told = {k: getattr(chosen, k) for k in ("seed", "limit", "per_recording", "worded", "also", "peers")}
    result = {"run": provenance(benchmark, voice.identity, **told, history=history), **result}
    if judge is not None:
        result["judge"] = {"name": judge, **judge_agreement(load_judge(judge), _texts_of(result))}
    if out is not None:
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{benchmark}.json").write_text(
            json.dumps(plain(result), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        (folder / f"{benchmark}.md").write_text(to_markdown(benchmark, result), encoding="utf-8")
    return result


def to_markdown(benchmark: str, result: dict[str, Any]) -> str:
    """Results of a benchmark as Markdown tables."""
    table = BENCHMARKS[benchmark].to_markdown(result)
    if "judge" in result:
        j = result["judge"]
        kappa, f1 = (task_report.figure(j[name]) for name in ("kappa", "f1"))
        table += (
            f"\nJudge {j['name']} against the parsed claims of {j['texts']} texts: kappa {kappa}, F1 {f1}; "
            f"{j['unreadable']} answers could not be read.\n"
        )
    return table


def _texts_of(result: dict[str, Any]) -> list[str]:
    """The narratives that a result holds."""
    rows = result.get("texts") or result.get("recordings") or []
    texts = [text for row in rows if isinstance(row, dict) for text in row.get("texts", ())]
    if not texts:
        raise ValueError("this benchmark keeps no texts for a judge; leave --judge out")
    return texts
