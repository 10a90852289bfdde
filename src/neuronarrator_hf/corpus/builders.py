"""The corpus and folders of recordings as builders of `datasets`: rows made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import datasets

from .build import recording_tasks
from .columns import features
from .rows import RecordingTask, Task, simulation_tasks
from .sources import SOURCES
from .sources.source import SPLITS, SourceError
from .writers import WriterOptions, make_writer

DESCRIPTION = "Segments of scalp EEG (10 s, 200 Hz) with findings and one paragraph that says exactly them."
MINI_SEGMENTS = 480


@dataclass
class NeuroCorpusConfig(datasets.BuilderConfig):
    """What the rows are made of.

    Attributes:
        root: Folder of the source; for `full`, the folder of folders named as sources.
        segments: Simulated segments (`mini` only).
        seed: Seed of simulation and wording.
        variety: Variety of the wording, 0 to 1.
    """

    root: str | None = None
    segments: int = MINI_SEGMENTS
    seed: int = 0
    variety: float = 1.0

    @property
    def folder(self) -> Path | None:
        """`root`, or what `load_dataset` was given as `data_dir`."""
        folder = self.root or self.data_dir
        return None if folder is None else Path(folder)

    def create_config_id(self, config_kwargs: Mapping[str, Any], custom_features: Any = None) -> str:
        """Name in the cache: other files in the folder, or another release of the package, are other rows."""
        told = {**config_kwargs, "package": version("neuronarrator_hf")}
        if self.folder is not None:
            told["files"] = datasets.fingerprint.Hasher.hash(_files(self.folder))
        return str(super().create_config_id(told, custom_features))


def _files(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of change of every file below a folder."""
    there = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(p.relative_to(folder)), p.stat().st_size, p.stat().st_mtime_ns) for p in there]


class _Rows(datasets.GeneratorBasedBuilder):
    """What both builders share: tasks become rows, one list of tasks a split."""

    VERSION = datasets.Version("1.0.0")
    DEFAULT_WRITER_BATCH_SIZE = 60
    config: NeuroCorpusConfig

    def _info(self) -> datasets.DatasetInfo:
        source = SOURCES.get(self.config.name)
        return datasets.DatasetInfo(
            description=DESCRIPTION,
            features=features(),
            license=source.licence if source else "",
            citation=source.citation if source else "",
        )

    def _tasks(self) -> Sequence[Task]:
        raise NotImplementedError

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        tasks = self._tasks()
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"tasks": chosen})
            for split in SPLITS
            if (chosen := [task for task in tasks if task.split == split])
        ]

    def _generate_examples(self, tasks: list[Task]) -> Iterator[tuple[Any, dict[str, Any]]]:
        from neuronarrator_hf.recording.errors import RecordingError

        writer = make_writer(WriterOptions(seed=self.config.seed, variety=self.config.variety))
        for number, task in enumerate(tasks):
            try:
                with task.opened(writer) as (_, blocks):
                    for block in blocks:
                        for row in block:
                            yield datasets.builder.Key(number, row["index"]), row
            except RecordingError as error:
                datasets.logging.get_logger(__name__).warning("skipped %s", error)


class NeuroCorpus(_Rows):
    """NeuroCorpus: `mini` is simulated, each source is a configuration, `full` is all sources at hand.

    ```python
    builder = NeuroCorpus(config_name="chb-mit", root="/data/chb-mit")
    builder.download_and_prepare(num_proc=4)
    train = builder.as_dataset(split="train")
    ```
    """

    BUILDER_CONFIG_CLASS = NeuroCorpusConfig
    BUILDER_CONFIGS = [  # noqa: RUF012 - the form that datasets asks for
        NeuroCorpusConfig(name="mini", description="simulated segments with exact truth"),
        NeuroCorpusConfig(name="full", description="every source below one folder"),
        *(NeuroCorpusConfig(name=name, description=source.title) for name, source in SOURCES.items()),
    ]
    DEFAULT_CONFIG_NAME = "mini"

    def _tasks(self) -> Sequence[Task]:
        config = self.config
        if config.name == "mini":
            return simulation_tasks(config.segments, config.seed)
        root = config.folder
        if root is None:
            source = SOURCES.get(config.name)
            how = source.access if source else "one folder a source, each under its name"
            raise SourceError(f"{config.name} needs root=, the folder of its recordings; {how}")
        if config.name != "full":
            return recording_tasks([(config.name, root)])
        there = [(name, root / name) for name in SOURCES if (root / name).is_dir()]
        if not there:
            raise SourceError(f"{root}: holds no folder named as a source ({', '.join(SOURCES)})")
        return recording_tasks(there)


class EEGFolder(_Rows):
    """A folder of recordings with `metadata.csv` or `metadata.jsonl`, as `audiofolder` is for audio."""

    BUILDER_CONFIG_CLASS = NeuroCorpusConfig

    def _tasks(self) -> list[RecordingTask]:
        if self.config.folder is None:
            raise SourceError("eegfolder needs data_dir=, the folder of the recordings")
        return recording_tasks([("folder", self.config.folder)])
