"""Who does the work of a build: this process, processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .build import Engine, make_part
from .plan import BuildOptions
from .rows import Task
from .sources.source import SourceError

RETRIES = 5
"""How often a task of a cluster is tried again after its worker died."""


@dataclass(frozen=True)
class InProcess:
    """One recording after the other."""

    def run(self, tasks: Sequence[Task], folder: Path, options: BuildOptions) -> Iterator[str]:
        """See `Engine`."""
        for task in tasks:
            yield make_part(task, folder, options)


@dataclass(frozen=True)
class Processes:
    """Processes of this machine.

    Attributes:
        n_workers: How many.
    """

    n_workers: int

    def run(self, tasks: Sequence[Task], folder: Path, options: BuildOptions) -> Iterator[str]:
        """See `Engine`; a worker that died stops the run, and the next run continues."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.n_workers, mp_context=context) as pool:
            futures = [pool.submit(make_part, task, folder, options) for task in tasks]
            try:
                for future in as_completed(futures):
                    yield future.result()
            except BrokenProcessPool:
                raise SourceError(
                    f"{folder}: a worker was killed (too little memory?); run the same command again, with "
                    "fewer --workers, and it continues"
                ) from None
            finally:
                pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster whose workers see the folders of the recordings and of the corpus.

    Attributes:
        address: Of its scheduler, such as `tcp://10.0.0.1:8786`.
        timeout_s: How long it may take to answer.
    """

    address: str
    timeout_s: float = 20.0

    def run(self, tasks: Sequence[Task], folder: Path, options: BuildOptions) -> Iterator[str]:
        """See `Engine`; the task of a worker that died is done by another."""
        try:
            from distributed import Client, as_completed
        except ImportError:
            raise SourceError(
                "--scheduler needs Dask; run: pip install 'neuronarrator_hf[cluster]'"
            ) from None
        try:
            client = Client(self.address, timeout=self.timeout_s)
        except OSError as error:
            raise SourceError(
                f"no Dask scheduler answers at {self.address}: {type(error).__name__}"
            ) from None
        with client:
            shared: dict[str, Any] = {"folder": folder.resolve(), "options": options}
            for future in as_completed(client.map(make_part, tasks, **shared, pure=False, retries=RETRIES)):
                key = str(future.result())
                future.release()  # else the task runs again if the worker that did it dies later
                yield key


def make_engine(n_workers: int = 1, scheduler: str | None = None) -> Engine:
    """The engine for the options of a command."""
    if scheduler is not None:
        return Cluster(scheduler)
    return InProcess() if n_workers <= 1 else Processes(n_workers)
