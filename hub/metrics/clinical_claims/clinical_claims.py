"""Claim scores of EEG narratives as an `evaluate` metric; thin over `neuronarrator_hf.evaluation.claims`."""

import datasets
import evaluate

import neuronarrator_hf

DESCRIPTION = """\
Scores what an EEG narrative asserts, not how it is worded: every text is parsed into claims (finding,
polarity, side, region, frequency, amplitude, time) and compared with the claims that are true.
"""
INPUTS = """
Args:
    predictions: Narratives, or JSON lists of claims.
    references: True narratives, or JSON lists of claims.
    groups: Patient or recording of each narrative, resampled together for the intervals (optional).
    n_bootstrap: Resamples for the 95 % intervals (default 1000; 0 leaves them out).
    seed: Of the resampling (default 0).
Returns:
    precision, recall, f1 (micro), macro_f1, per_finding, attributes, negation_f1 and the counts
    hallucinated, omitted, contradicted; interval_95.
"""


@evaluate.utils.file_utils.add_start_docstrings(DESCRIPTION, INPUTS)
class ClinicalClaims(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(self, predictions, references, groups=None, n_bootstrap=1000, seed=0):
        from neuronarrator_hf.evaluation.claims import as_claims, score_claims

        return score_claims(
            [as_claims(text) for text in predictions],
            [as_claims(text) for text in references],
            groups=groups,
            n_bootstrap=n_bootstrap,
            seed=seed,
        )
