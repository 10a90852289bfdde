"""SzCORE seizure scores as an `evaluate` metric; thin over `neuronarrator_hf.evaluation.seizure_events`."""

import datasets
import evaluate
import timescoring

import neuronarrator_hf

DESCRIPTION = """\
Seizure detection by the rules of SzCORE, computed by its library timescoring: sensitivity, precision, F1
and false positives a day, of events and of seconds, averaged over subjects and pooled.
"""
INPUTS = """
Args:
    predictions: Per recording a list of [start_s, end_s].
    references: Per recording a list of [start_s, end_s].
    durations_s: Length of each recording in seconds.
    groups: Subject of each recording (default: each recording alone).
    n_bootstrap: Resamples of the subjects for the 95 % intervals (default 1000; 0 leaves them out).
    seed: Of the resampling (default 0).
Returns:
    event and sample, each with per_subject, pooled, counts and interval_95.
"""


@evaluate.utils.file_utils.add_start_docstrings(DESCRIPTION, INPUTS)
class SeizureEvents(evaluate.Metric):
    def _info(self):
        events = datasets.List(datasets.List(datasets.Value("float64")))
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": events, "references": events}),
        )

    def _compute(self, predictions, references, durations_s, groups=None, n_bootstrap=1000, seed=0):
        from neuronarrator_hf.evaluation.seizure_events import score_events

        return score_events(
            predictions, references, durations_s, groups=groups, n_bootstrap=n_bootstrap, seed=seed
        )
