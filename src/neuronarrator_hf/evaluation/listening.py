"""What a model says of blocks of windows, and what the signal says: the raw material of every figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..findings.schema import Claim
from ..findings.vocabulary import FINDING_IDS
from ..narration.checking import CheckedText, check_text
from ..signal.windows import EEGWindows
from .sharing import SharedVoice


@dataclass
class Heard:
    """One window, as the model and the measurement see it.

    Attributes:
        group: Recording it belongs to.
        text: Paragraph of the model, before any check.
        network: Probability of every finding from the model's head.
        measurement: `WindowMeasurement`, or None where it was not asked for.
        claims: What the text asserts.
        previous: Measurement of the window before it in the recording.
        assessable: Whether the window could be judged.
    """

    group: Any
    text: str
    network: dict[str, float]
    measurement: Any = None
    claims: list[Claim] = field(default_factory=list)
    previous: Any = None
    assessable: bool = True
    _checked: dict[str, CheckedText] = field(default_factory=dict, repr=False, compare=False)
    _verdicts: dict[str, list[Claim]] = field(default_factory=dict, repr=False, compare=False)

    def checked(self, mode: str) -> CheckedText:
        """What the engine makes of the text in a mode of verification."""
        if mode not in self._checked:
            used = "annotate" if mode == "repair" and not self.assessable else mode
            self._checked[mode] = check_text(
                self.text, self.measurement, self.network, mode=used, previous=self.previous
            )
        return self._checked[mode]

    def verdicts(self, mode: str) -> list[Claim]:
        """The claims of `checked`, each with what the measurement says of it."""
        from ..findings.verify import verify

        if mode not in self._verdicts:
            self._verdicts[mode] = list(verify(self.checked(mode).claims, self.measurement))
        return self._verdicts[mode]

    def network_array(self) -> np.ndarray:
        """Probabilities in the order of the vocabulary; NaN where the model gives none."""
        return np.array([self.network.get(finding, np.nan) for finding in FINDING_IDS])

    def measured_array(self) -> np.ndarray:
        """Scores of the measurement in the order of the vocabulary; NaN where not assessed."""
        claims = self.measurement.claims
        scores = [
            claims[f].confidence if f in claims and claims[f].polarity != "not_assessed" else None
            for f in FINDING_IDS
        ]
        return np.array([np.nan if s is None else s for s in scores], dtype=float)


def make_voice(
    model: Any, processor: Any, *, history: str = "ssm", batch_size: int = 64, **generate_kwargs: Any
):
    """The engine's voice on a model: evaluation hears what users hear."""
    from ..narration.voice import ModelVoice

    return ModelVoice(model, processor, history=history, batch_size=batch_size, **generate_kwargs)


def listen(
    voice: Any, blocks: Sequence[EEGWindows], *, measured: bool = True, worded: bool = True
) -> list[Heard]:
    """All windows of all blocks in order; a window that cannot be judged is worded as not assessed.

    Args:
        voice: A `Voice` of the engine.
        blocks: One block per recording; its place is the group.
        measured: Measure too. Without it every window is worded.
        worded: Let the model speak; without it texts are empty.
    """
    if isinstance(voice, SharedVoice):
        heard = voice.hear(blocks, measured=measured, worded=worded)
    else:
        heard = [hear_block(voice, block, measured=measured, worded=worded) for block in blocks]
    for group, windows in enumerate(heard):
        for window in windows:
            window.group = group
    return [window for windows in heard for window in windows]


def hear_block(voice: Any, block: EEGWindows, *, measured: bool = True, worded: bool = True) -> list[Heard]:
    """The windows of a block that begins a recording."""
    return listen_block(voice, block, voice.begin(), measured=measured, worded=worded)[0]


def listen_block(
    voice: Any,
    block: EEGWindows,
    state: Any,
    *,
    group: Any = None,
    previous: Any = None,
    age_years: float | None = None,
    measured: bool = True,
    worded: bool = True,
) -> tuple[list[Heard], Any]:
    """The windows of one block, and the voice's state after it; arguments as of `listen`.

    Args:
        voice: A `Voice` of the engine.
        block: Windows that follow those behind `state`.
        state: What the voice carries from the blocks before (`voice.begin()` at the start).
        group: Recording they belong to.
        previous: Measurement of the window before the first.
        age_years: Age, for the measurements.
        measured: Measure too.
        worded: Let the model speak.
    """
    from ..findings.measure import measure_windows
    from ..findings.parse import parse
    from ..findings.write import write_segment
    from ..narration.engine import NOT_ASSESSED, is_assessable

    silence = write_segment([NOT_ASSESSED], seed=0, variety=0.0) if worded else ""
    measurements = measure_windows(block, age_years=age_years) if measured else [None] * len(block)
    texts: dict[int, str] = {}
    network: list[dict[str, float]] = [{} for _ in measurements]
    judged = [block.channel_mask.any() and (m is None or is_assessable(m)) for m in measurements]
    if block.channel_mask.any():
        spoken, state = voice.listen(block, state)
        network = [dict(p) for p in spoken.probabilities]
        if worded:
            to_word = [i for i, yes in enumerate(judged) if yes]
            texts = dict(zip(to_word, voice.speak(spoken, to_word), strict=True))
    heard = [
        Heard(
            group,
            texts.get(i, silence),
            network[i],
            m,
            previous=measurements[i - 1] if i else previous,
            assessable=bool(judged[i]),
        )
        for i, m in enumerate(measurements)
    ]
    for window in heard:
        window.claims = list(parse(window.text))
    return heard, state
