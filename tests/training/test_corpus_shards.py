"""Corpus shards: the training rows in order, nothing of other splits, mixed as the weights say."""

from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.corpus.columns import claim_of
from neuronarrator_hf.corpus.rows import SimulationTask
from neuronarrator_hf.corpus.shards import write_part
from neuronarrator_hf.corpus.writers import Writer
from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.simulation.batch import simulate_windows
from neuronarrator_hf.training.corpus_shards import CorpusSource, MixedSource, mix


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Three recordings of four windows to train on, one to test on; the first row's claims are cut down."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = {}
    for split, n, seed in (("train", 3, 5), ("test", 1, 6)):
        with SimulationTask(seed, n, 4, split).opened(Writer()) as (_, blocks):
            rows[split] = next(iter(blocks))
        if split == "train":
            rows[split][0]["claims"] = rows[split][0]["claims"][:1]
        write_part(folder / split / "rows.parquet", [rows[split]], {})
    return folder, rows


def test_sequences_are_stretches_of_training_rows(corpus):
    folder, rows = corpus
    source = CorpusSource(folder, 2, augmented=False)
    assert len(source) == 12
    truth = np.stack([row["eeg_uv"] for row in rows["train"]]).reshape(3, 4, 19, 2000)
    recorded = np.array([row["channel_mask"] for row in rows["train"]]).reshape(3, 4, 19)
    taken = source.take(0, 20, np.random.default_rng(0))
    assert taken.eeg_uv.shape == (20, 2, 19, 2000) and taken.known == [None] * 20
    for signal, mask, claims in zip(taken.eeg_uv, taken.channel_mask, taken.claims, strict=True):
        errors = [
            (np.abs(truth[r, w : w + 2] - signal).max(-1) * recorded[r, w : w + 2]).max()
            for r in range(3)
            for w in range(3)
        ]
        place = int(np.argmin(errors))
        r, w = divmod(place, 3)
        assert errors[place] < 1e-3 and mask[recorded[r, w : w + 2]].all()
        wanted = [claim_of(c) for c in rows["train"][4 * r + w]["claims"]]
        said = [c for c in claims[0] if c.polarity != "not_assessed"]
        assert {c.finding for c in said} == {c.finding for c in wanted if c.polarity != "not_assessed"}
        assert {c.finding for c in claims[0]} == set(FINDING_IDS)


def test_what_a_row_does_not_speak_of_is_not_assessed(corpus):
    folder, _ = corpus
    source = CorpusSource(folder, 4, augmented=False)
    windows = [w for r in source.take(0, 12, np.random.default_rng(1)).claims for w in r]
    assert any(sum(c.polarity == "not_assessed" for c in w) >= len(FINDING_IDS) - 1 for w in windows)


def test_a_short_stretch_repeats_its_last_window(corpus):
    taken = CorpusSource(corpus[0], 6, augmented=False).take(0, 1, np.random.default_rng(0))
    assert np.array_equal(taken.eeg_uv[0, 3], taken.eeg_uv[0, 5])


def test_mixed_by_weights(corpus):
    class Marked:
        n_windows = 2

        def take(self, number, count, rng):
            taken = CorpusSource(corpus[0], 2, augmented=False).take(number, count, rng)
            taken.eeg_uv[:] = 0
            return taken

    source = mix(Marked(), {str(corpus[0]): 3.0}, 2, augmented=False)
    rng = np.random.default_rng(0)
    marked = [not r.any() for i in range(20) for r in source.take(i, 8, rng).eeg_uv]
    assert 0.15 < np.mean(marked) < 0.36
    a, b = (source.take(3, 4, np.random.default_rng(5)).eeg_uv for _ in range(2))
    assert np.array_equal(a, b)
    assert mix("simulated", {}, 2, False) == "simulated"


def test_refused(corpus, tmp_path):
    with pytest.raises(ValueError, match="holds a row of split 'train'"):
        CorpusSource(corpus[0] / "test", 2)
    with pytest.raises(ValueError, match="non-negative"):
        MixedSource([(None, -1.0)])


def test_any_montage_is_read(corpus, tmp_path):
    """Fewer channels in another order: brought to the sites by name and by splines."""
    row = dict(corpus[1]["train"][1])
    order = np.random.default_rng(0).permutation(19)[:12]
    names = simulate_windows(1, 1, 0).ch_names
    for name in ("eeg_uv", "positions"):
        row[name] = np.ascontiguousarray(row[name][order])
    row["ch_names"], row["channel_mask"] = [names[i] for i in order], [True] * 12
    write_part(tmp_path / "part.parquet", [[row]], {})
    taken = CorpusSource(tmp_path, 1, augmented=False).take(0, 1, np.random.default_rng(0))
    assert taken.channel_mask[0, 0, order].all()
    np.testing.assert_allclose(taken.eeg_uv[0, 0, order], row["eeg_uv"], atol=1e-3)
