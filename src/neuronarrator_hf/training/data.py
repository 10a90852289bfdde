"""Training batches: every batch is a pure function of the run's seed and its own number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ..evaluation.held_out import HELD_OUT_SEED, simulate
from ..findings.schema import Claim
from .augment import augment, mirror_claim
from .cache import SimulatedCache
from .trends import with_trends

NOT_ASSESSED = Claim("normal", "not_assessed")
TRUTH_NAMES = ("presence", "assessed")


@dataclass
class Recordings:
    """Simulated or real sequences before they are numbers for the model.

    Attributes:
        eeg_uv: `(n_recordings, n_windows, 19, n_times)` float32.
        channel_mask: `(n_recordings, n_windows, 19)` bool.
        claims: Truth per recording and window.
        known: Per recording None (everything is known) or the finding ids whose presence is known.
    """

    eeg_uv: np.ndarray
    channel_mask: np.ndarray
    claims: list[list[list[Claim]]]
    known: list[frozenset[str] | None]


class Source(Protocol):
    """Where recordings come from."""

    n_windows: int

    def take(self, number: int, count: int, rng: np.random.Generator) -> Recordings:
        """Recordings `number * count` to `(number + 1) * count` of an endless sequence."""
        ...


class CachedSource:
    """Recordings of a cache, each epoch in another order.

    Args:
        cache: The recordings.
        seed: Seed of the order.
        augmented: Whether signals are changed at random.
        trend_windows: See `trends.with_trends`.
    """

    def __init__(
        self, cache: SimulatedCache, seed: int, augmented: bool = True, trend_windows: int = 0
    ) -> None:
        self.cache, self.seed, self.augmented, self.n_windows = cache, seed, augmented, cache.n_windows
        self.trend_windows = trend_windows

    def take(self, number: int, count: int, rng: np.random.Generator) -> Recordings:
        """See `Source`."""
        chosen = [self._recording(number * count + i) for i in range(count)]
        return _prepare([(self.cache.eeg_uv[i], self._claims(i)) for i in chosen], rng, self.augmented)

    def claims(self, position: int) -> list[list[Claim]]:
        """Truth of the recording at a position of the endless sequence, without its signal."""
        return self._claims(self._recording(position))

    def _claims(self, recording: int) -> list[list[Claim]]:
        return with_trends(self.cache.claims(recording), self.trend_windows)

    def _recording(self, position: int) -> int:
        epoch, place = divmod(position, len(self.cache))
        return int(_permutation(self.seed, epoch, len(self.cache))[place])


class ScriptedSource:
    """The truth of scripted recordings, endless and without any signal: what stage `language` needs."""

    def __init__(self, n_windows: int, seed: int, trend_windows: int = 0) -> None:
        self.n_windows, self.seed, self.trend_windows = n_windows, seed, trend_windows

    def claims(self, position: int) -> list[list[Claim]]:
        """Truth of the windows of recording number `position`."""
        from ..simulation.config import SimulationConfig
        from ..simulation.script import compose
        from ..simulation.truth import window_claims

        seed = int(np.random.SeedSequence([self.seed, 3, position]).generate_state(1)[0]) % HELD_OUT_SEED
        sheet = compose(np.random.default_rng([seed, 0]), self.n_windows, SimulationConfig())
        return with_trends(window_claims(sheet), self.trend_windows)


class SimulatedSource:
    """Recordings simulated anew for every batch."""

    def __init__(self, n_windows: int, seed: int, augmented: bool = True, trend_windows: int = 0) -> None:
        self.n_windows, self.seed, self.augmented = n_windows, seed, augmented
        self.trend_windows = trend_windows

    def take(self, number: int, count: int, rng: np.random.Generator) -> Recordings:
        """See `Source`."""
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0]) % HELD_OUT_SEED
        simulated = simulate(count, self.n_windows, seed)
        claims = [with_trends(recording, self.trend_windows) for recording in simulated.claims]
        return _prepare(list(zip(simulated.eeg_uv, claims, strict=True)), rng, self.augmented)


def _prepare(
    recordings: Sequence[tuple[np.ndarray, list[list[Claim]]]], rng: np.random.Generator, augmented: bool
) -> Recordings:
    if augmented:
        changed = [augment(eeg_uv, claims, rng) for eeg_uv, claims in recordings]
    else:
        changed = [(e.astype(np.float32), np.ones(e.shape[:2], bool), list(c)) for e, c in recordings]
    return Recordings(
        np.stack([c[0] for c in changed]),
        np.stack([c[1] for c in changed]),
        [c[2] for c in changed],
        [None] * len(changed),
    )


_PERMUTATIONS: dict[tuple[int, int, int], np.ndarray] = {}


def _permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    key = (seed, epoch, n)
    if key not in _PERMUTATIONS:
        _PERMUTATIONS.clear()
        _PERMUTATIONS[key] = np.random.default_rng([seed, epoch]).permutation(n)
    return _PERMUTATIONS[key]


Encode = Callable[[np.ndarray, np.ndarray], dict[str, torch.Tensor]]
"""Microvolts `(n_recordings, n_windows, 19, n_times)` and channel mask to the model's EEG inputs."""

TextEncode = Callable[[list[str]], dict[str, torch.Tensor]]
"""Narratives to `input_ids`, `attention_mask` and `labels` of prompt and text."""


def narrate_truth(claims: Sequence[Claim], rng: np.random.Generator, variety_share: float) -> str:
    """The paragraph of a window's truth, in the fixed wording or, with this probability, in a free one.

    The truth lists what is there; what a clinician states to be absent is added. A window of which
    nothing is true cannot be judged: that is what its paragraph says.
    """
    from ..findings.select import select_for_text, with_absences
    from ..findings.write import write_segment

    worded = select_for_text(with_absences(claims)) if claims else [NOT_ASSESSED]
    variety = 1.0 if rng.random() < variety_share else 0.0
    return write_segment(worded, seed=int(rng.integers(2**31)), variety=variety)


class SequenceDataset(Dataset):
    """Batches of EEG sequences with their truth; indexed by number.

    Args:
        source: Where simulated recordings come from.
        encode: See `Encode`.
        batch_size: Sequences of a batch.
        seed: Seed of everything drawn here.
        text_windows: Windows of a sequence that get a text; 0 gives none.
        encode_text: See `TextEncode`.
        variety_share: Share of texts in free wording.
        real: Source of real recordings, or None.
        real_share: Share of the batch that is real.
        rank: Number of this process.
        world: Number of processes.
    """

    def __init__(
        self,
        source: Source,
        encode: Encode,
        batch_size: int,
        seed: int,
        *,
        text_windows: int = 0,
        encode_text: TextEncode | None = None,
        variety_share: float = 0.2,
        real: Source | None = None,
        real_share: float = 0.0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.source, self.encode, self.batch_size, self.seed = source, encode, batch_size, seed
        self.text_windows, self.encode_text, self.variety_share = text_windows, encode_text, variety_share
        self.real, self.n_real = real, round(batch_size * real_share) if real is not None else 0
        self.rank, self.world = rank, world

    def __getitem__(self, number: int) -> dict[str, Any]:
        number = number * self.world + self.rank
        rng = np.random.default_rng([self.seed, 1, number])
        recordings = self.source.take(number, self.batch_size - self.n_real, rng)
        if self.n_real and self.real is not None:
            recordings = join_recordings([recordings, self.real.take(number, self.n_real, rng)])
        batch: dict[str, Any] = dict(self.encode(recordings.eeg_uv, recordings.channel_mask))
        batch["targets"], batch["known"] = encode_truth(recordings)
        if self.text_windows and self.encode_text is not None:
            windows, texts = self._texts(recordings, rng)
            batch["text_windows"] = torch.from_numpy(windows)
            batch |= self.encode_text(texts)
        return batch

    def _texts(self, recordings: Recordings, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
        """Windows that are narrated `(n, 2)` (recording, window), and texts; none of real recordings."""
        n_windows = recordings.eeg_uv.shape[1]
        windows, texts = [], []
        for i, claims in enumerate(recordings.claims):
            if recordings.known[i] is not None:
                continue
            for w in np.sort(rng.choice(n_windows, min(self.text_windows, n_windows), replace=False)):
                windows.append((i, w))
                texts.append(narrate_truth(claims[w], rng, self.variety_share))
        return np.array(windows, np.int64), texts


class ClaimDataset(Dataset):
    """Batches of claim sets and their texts, without any EEG: stage `language`."""

    def __init__(
        self, source: CachedSource | ScriptedSource, batch_size: int, seed: int, encode_text: TextEncode,
        *, variety_share: float, rank: int = 0, world: int = 1,
    ) -> None:  # fmt: skip
        self.source, self.batch_size, self.seed, self.encode_text = source, batch_size, seed, encode_text
        self.variety_share, self.rank, self.world = variety_share, rank, world

    def __getitem__(self, number: int) -> dict[str, Any]:
        from ..models.finding_targets import encode_claims, stack_targets

        number = number * self.world + self.rank
        rng = np.random.default_rng([self.seed, 2, number])
        truth: list[list[Claim]] = []
        position = number * self.batch_size
        while len(truth) < self.batch_size:  # two windows of a recording: scripts are not free
            windows = self.source.claims(position)
            position += 1
            for w in rng.choice(self.source.n_windows, min(2, self.source.n_windows), replace=False):
                truth.append([mirror_claim(c) for c in windows[w]] if rng.random() < 0.5 else windows[w])
        truth = truth[: self.batch_size]
        batch: dict[str, Any] = {"targets": stack_targets([encode_claims(claims) for claims in truth])}
        return batch | self.encode_text([narrate_truth(c, rng, self.variety_share) for c in truth])


def sample_texts(source: CachedSource | ScriptedSource, count: int, seed: int) -> list[str]:
    """Texts of the grammar, half of them in free wording: what the tokenizer is made of."""
    rng = np.random.default_rng([seed, 4])
    texts: list[str] = []
    position = 0
    while len(texts) < count:
        windows = source.claims(position)
        position += 1
        texts += [
            narrate_truth(windows[w], rng, 0.5) for w in rng.choice(len(windows), min(3, len(windows)), False)
        ]
    return texts[:count]


def encode_truth(recordings: Recordings) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Targets `(n_recordings, n_windows, n_findings, ...)`, and which findings' presence is known."""
    from ..findings.vocabulary import FINDING_IDS
    from ..models.finding_targets import encode_claims, stack_targets

    n_recordings, n_windows = recordings.eeg_uv.shape[:2]
    flat = stack_targets([encode_claims(window) for recording in recordings.claims for window in recording])
    targets = {name: t.reshape(n_recordings, n_windows, *t.shape[1:]) for name, t in flat.items()}
    known = torch.ones(targets["presence"].shape, dtype=torch.bool)
    for i, ids in enumerate(recordings.known):
        if ids is not None:
            known[i] = torch.tensor([finding in ids for finding in FINDING_IDS])
            for name in targets.keys() - set(TRUTH_NAMES):
                targets[name][i] = 0  # an expert's label tells no attribute
    return targets, known


def join_recordings(parts: Sequence[Recordings]) -> Recordings:
    """Sequences of several sources as one, in their order."""
    return Recordings(
        np.concatenate([p.eeg_uv for p in parts]),
        np.concatenate([p.channel_mask for p in parts]),
        [claims for p in parts for claims in p.claims],
        [known for p in parts for known in p.known],
    )


def iterate(dataset: Dataset, start: int, stop: int, num_workers: int) -> Iterator[dict[str, Any]]:
    """Batches `start` to `stop` of a dataset, made ahead in worker processes."""
    loader = DataLoader(
        dataset,
        batch_size=None,
        sampler=range(start, stop),
        num_workers=num_workers,
        prefetch_factor=4 if num_workers else None,
        worker_init_fn=_one_thread,
        pin_memory=torch.cuda.is_available(),
    )
    yield from loader


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)
