"""Retrieval both ways as an `evaluate` metric; thin over `neuronarrator_hf.evaluation.retrieval`."""

import datasets
import evaluate

import neuronarrator_hf

DESCRIPTION = """\
Recall at k, median rank and mean reciprocal rank between two sets of embeddings (such as those of an EEG
waveform and of its topographic maps), both ways. Ties count against the right one.
"""
INPUTS = """
Args:
    predictions: One embedding per row.
    references: The embedding that belongs to each row.
    ks: Ranks at which recall is told (default 1, 5, 10).
    groups: Patient or recording of each row, resampled together for the intervals (optional).
    n_bootstrap: Resamples for the 95 % intervals (default 1000; 0 leaves them out).
    seed: Of the resampling (default 0).
Returns:
    forward and backward, each with recall_at_K, median_rank, mean_reciprocal_rank and interval_95; chance.
"""


@evaluate.utils.file_utils.add_start_docstrings(DESCRIPTION, INPUTS)
class Retrieval(evaluate.Metric):
    def _info(self):
        embedding = datasets.List(datasets.Value("float64"))
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": embedding, "references": embedding}),
        )

    def _compute(self, predictions, references, **options):
        import numpy as np

        from neuronarrator_hf.evaluation.retrieval import score_retrieval

        return score_retrieval(np.array(predictions), np.array(references), **options)
