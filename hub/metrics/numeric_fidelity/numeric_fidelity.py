"""Numbers of EEG narratives as an `evaluate` metric; thin over `evaluation.numeric_fidelity`."""

import datasets
import evaluate

import neuronarrator_hf

DESCRIPTION = """\
Whether the frequencies and amplitudes that an EEG narrative states are the true ones, how many of the
true ones it states, and which of its numbers belong to no claim at all.
"""
INPUTS = """
Args:
    predictions: Narratives.
    references: True narratives, or JSON lists of claims.
    groups: Patient or recording of each narrative, resampled together for the intervals (optional).
    n_bootstrap: Resamples for the 95 % intervals (default 1000; 0 leaves them out).
    seed: Of the resampling (default 0).
Returns:
    fidelity, exact, coverage, per_quantity, n_unsupported, n_omitted, unlinked; interval_95.
"""


@evaluate.utils.file_utils.add_start_docstrings(DESCRIPTION, INPUTS)
class NumericFidelity(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(self, predictions, references, groups=None, n_bootstrap=1000, seed=0):
        from neuronarrator_hf.evaluation.claims import as_claims
        from neuronarrator_hf.evaluation.numeric_fidelity import score_numbers

        return score_numbers(
            predictions,
            [as_claims(text) for text in references],
            groups=groups,
            n_bootstrap=n_bootstrap,
            seed=seed,
        )
