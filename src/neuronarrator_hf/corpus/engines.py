"""Who does the work of many jobs: this process, processes of this machine, or workers of a Dask cluster."""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

RETRIES = 5
"""How often a job of a cluster is tried again after its worker died."""
_PRELOADED = ("neuronarrator_hf.corpus.build", "neuronarrator_hf.corpus.quality", "datasets")
"""What the processes of a build need: imported once, then each is forked from there."""
_QUEUED = 2
"""Jobs of a process at a time: one in work, one at hand."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Job = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function of a module and what it is called with."""


class EngineError(ValueError):
    """Whoever should do the work is not there, or was lost; one line with the remedy."""


def _no_more(result: Any) -> Iterable[Job]:
    return ()


class Engine(Protocol):
    """Runs jobs somewhere; used as a context, it holds what it started until the end of the block."""

    def run(self, jobs: Iterable[Job], then: Callable[[Any], Iterable[Job]] = _no_more) -> Iterator[Any]:
        """Results of jobs as each is done, in any order; what `then` adds goes first."""

    def __enter__(self) -> Engine: ...

    def __exit__(self, *error: object) -> None: ...


class InProcess:
    """One job after the other, in this process."""

    def run(self, jobs: Iterable[Job], then: Callable[[Any], Iterable[Job]] = _no_more) -> Iterator[Any]:
        """See `Engine`."""
        waiting = deque(jobs)
        while waiting:
            function, given = waiting.popleft()
            result = function(*given)
            waiting.extendleft(then(result))
            yield result

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing was started."""


class Processes:
    """Processes of this machine, each with one thread for its arithmetic.

    They are forked from a process that has imported what they need, which begins to do so when the context is
    entered, while the caller prepares the work.

    Args:
        n_workers: How many.
        preload: Modules that the jobs need.
    """

    def __init__(self, n_workers: int, preload: Sequence[str] = _PRELOADED) -> None:
        self.n_workers, self.preload = n_workers, tuple(preload)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Processes:
        kind = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(kind)
        if kind == "forkserver":
            context.set_forkserver_preload(list(self.preload))
            with _one_thread():
                multiprocessing.forkserver.ensure_running()
        self._pool = ProcessPoolExecutor(self.n_workers, mp_context=context)
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None

    def run(self, jobs: Iterable[Job], then: Callable[[Any], Iterable[Job]] = _no_more) -> Iterator[Any]:
        """See `Engine`; a worker that died stops the run, and the next run continues."""
        if self._pool is None:
            raise RuntimeError("use Processes as a context: with Processes(2) as engine")
        waiting, pending = deque(jobs), set[Future[Any]]()
        try:
            while waiting or pending:
                while waiting and len(pending) < _QUEUED * self.n_workers:
                    function, given = waiting.popleft()
                    with _one_thread():
                        pending.add(self._pool.submit(function, *given))
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    waiting.extendleft(then(result))
                    yield result
        except BrokenProcessPool:
            raise EngineError(
                "a worker was killed (too little memory?); run the same command again, with fewer --workers, "
                "and it continues"
            ) from None


class Cluster:
    """A Dask cluster whose workers see the folders of the recordings and of the corpus.

    Args:
        address: Of its scheduler, such as `tcp://10.0.0.1:8786`.
        timeout_s: How long it may take to answer.
    """

    def __init__(self, address: str, timeout_s: float = 20.0) -> None:
        self.address, self.timeout_s = address, timeout_s
        self._client: Any = None

    def __enter__(self) -> Cluster:
        try:
            from distributed import Client
        except ImportError:
            raise EngineError(
                "--scheduler needs Dask; run: pip install 'neuronarrator_hf[cluster]'"
            ) from None
        try:
            self._client = Client(self.address, timeout=self.timeout_s)
        except OSError as error:
            raise EngineError(
                f"no Dask scheduler answers at {self.address}: {type(error).__name__}"
            ) from None
        return self

    def __exit__(self, *error: object) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    def run(self, jobs: Iterable[Job], then: Callable[[Any], Iterable[Job]] = _no_more) -> Iterator[Any]:
        """See `Engine`; the job of a worker that died is done by another."""
        from distributed import as_completed

        if self._client is None:
            raise RuntimeError("use Cluster as a context: with Cluster(address) as engine")
        done = as_completed([self._submit(job) for job in jobs])
        for future in done:
            result = future.result()
            future.release()  # else the job runs again if the worker that did it dies later
            for job in then(result):
                done.add(self._submit(job, priority=1))
            yield result

    def _submit(self, job: Job, priority: int = 0) -> Any:
        function, given = job
        return self._client.submit(function, *given, pure=False, retries=RETRIES, priority=priority)


def make_engine(
    n_workers: int = 1, scheduler: str | None = None, preload: Sequence[str] = _PRELOADED
) -> Engine:
    """The engine for the options of a command; `preload` as of `Processes`.

    Raises:
        ValueError: There are no workers.
    """
    if n_workers < 1:
        raise ValueError(f"workers must be at least 1, got {n_workers}")
    if scheduler is not None:
        return Cluster(scheduler)
    return InProcess() if n_workers == 1 else Processes(n_workers, preload)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started meanwhile do their arithmetic in one thread, unless the user has said otherwise."""
    unset = [name for name in _ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            os.environ.pop(name, None)
