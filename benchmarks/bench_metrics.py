"""Narratives per second and core: parsed and scored, against word overlap of the same texts in the same run.

OMP_NUM_THREADS=1 python -m benchmarks.bench_metrics [--narratives 4000]
"""

from __future__ import annotations

import argparse
import time

from neuronarrator_hf.evaluation.claims import score_claims, score_texts
from neuronarrator_hf.evaluation.text_overlap import score_overlap
from neuronarrator_hf.findings.parse import _parse_sentence, parse
from neuronarrator_hf.findings.select import select_for_text
from neuronarrator_hf.findings.write import write_segment
from neuronarrator_hf.simulation.batch import simulate_windows


def narratives(n: int) -> tuple[list[str], list]:
    """Texts of simulated truths, each in wordings of its own, and the truth of the next recording."""
    truth = [claims for recording in simulate_windows(40, 4, 11).claims for claims in recording]
    texts = [write_segment(select_for_text(truth[i % len(truth)]), seed=i) for i in range(n)]
    return texts, [truth[(i + 3) % len(truth)] for i in range(n)]


def processor_s(function) -> float:
    begun = time.process_time()
    function()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--narratives", type=int, default=4000)
    n = parser.parse_args().narratives
    texts, truth = narratives(n)
    parsed = [parse(text) for text in texts]
    groups = [i // 20 for i in range(n)]

    def scored() -> None:
        score_claims(parsed, truth, groups=groups, n_bootstrap=0)

    def whole() -> None:
        _parse_sentence.cache_clear()
        score_texts(texts, truth, groups=groups, n_bootstrap=0)

    def with_intervals() -> None:
        score_claims(parsed, truth, groups=groups, n_bootstrap=1000)

    alone = min(processor_s(scored) for _ in range(3))
    print(f"claims against claims: {n / alone:,.0f} narratives per processor second")
    seconds = min(processor_s(whole) for _ in range(3))
    print(f"texts parsed (nothing remembered) and scored: {n / seconds:,.0f} narratives per processor second")
    extra = min(processor_s(with_intervals) for _ in range(3)) - alone
    print(f"intervals of 1000 resamples of {len(set(groups))} groups: {extra:.2f} s more")
    some = min(n, 1000)
    overlap = processor_s(lambda: score_overlap(texts[:some], texts[-some:], n_bootstrap=0))
    print(f"BLEU, chrF, ROUGE and their prior: {some / overlap:,.0f} narratives per processor second")


if __name__ == "__main__":
    main()
