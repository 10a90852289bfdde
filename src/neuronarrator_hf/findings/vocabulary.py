"""The closed vocabulary: every finding the package can measure, word, parse and verify.

Sources of the definitions, by short name:

* IFCN 2017 - Kane et al., "A revised glossary of terms most commonly used by clinical
  electroencephalographers", Clin Neurophysiol Pract 2 (2017).
* ACNS 2021 - Hirsch et al., "American Clinical Neurophysiology Society's Standardized Critical Care
  EEG Terminology: 2021 Version", J Clin Neurophysiol 38 (2021). Outside critical care its terms are
  worded "ACNS-style".
* SCORE 2 - Beniczky et al., "Standardized computer-based organized reporting of EEG: SCORE -
  second version", Clin Neurophysiol 128 (2017).
* AASM - The AASM Manual for the Scoring of Sleep and Associated Events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal[
    "state", "background", "sleep", "epileptiform", "rhythmic_periodic", "ictal", "artifact", "summary"
]
Attribute = Literal["side", "regions", "frequency_hz", "amplitude_uv", "prevalence", "change"]

SIDES = ("left", "right", "bilateral", "midline")
REGIONS = ("frontal", "central", "temporal", "parietal", "occipital", "generalized")
PREVALENCES = ("rare", "occasional", "frequent", "abundant", "continuous")
"""ACNS 2021: < 1 %, 1-9 %, 10-49 %, 50-89 %, >= 90 % of the time."""


@dataclass(frozen=True)
class FindingDefinition:
    """What one finding means and what may be said of it.

    Attributes:
        id: Identifier used in code and JSON.
        group: Group of findings it belongs to.
        name: Clinical term, as written in prose.
        definition: The clinical definition with its figures.
        source: Where the definition comes from.
        gloss: One sentence for a reader who is not an electroencephalographer.
        attributes: The attributes of a claim that may be worded for this finding; all other
            attributes are dropped by `quantise`.
        frequency_range_hz: Frequencies the definition admits, or None where it has none.
        frequency_step_hz: Step to which a frequency is rounded in prose.
        hed_tag: Tag of the HED-SCORE library schema, or None where the schema has none.
    """

    id: str
    group: Group
    name: str
    definition: str
    source: str
    gloss: str
    attributes: frozenset[str] = frozenset()
    frequency_range_hz: tuple[float, float] | None = None
    frequency_step_hz: float = 0.5
    hed_tag: str | None = None


_HED_TAGS: dict[str, str] = {
    "eyes_open": "Eyes-open",
    "eyes_closed": "Eyes-closed",
    "drowsy": "Drowsy",
    "n1_sleep": "Sleep-stage-N1",
    "n2_sleep": "Sleep-stage-N2",
    "n3_sleep": "Sleep-stage-N3",
    "rem_sleep": "Sleep-stage-REM",
    "posterior_dominant_rhythm": "Posterior-dominant-rhythm",
    "mu_rhythm": "Mu-rhythm",
    "beta_activity": "Beta-activity",
    "generalized_theta_slowing": "Theta-activity",
    "generalized_delta_slowing": "Polymorphic-delta-activity",
    "focal_slowing": "Irregular-delta-or-theta-activity",
    "asymmetry": "Asymmetrical",
    "extreme_low_voltage": "Background-activity-suppression",
    "burst_suppression": "Background-burst-suppression",
    "discontinuity": "Discontinuous-background-activity",
    "sleep_spindles": "Sleep-spindles",
    "k_complexes": "K-complex",
    "vertex_waves": "Vertex-wave",
    "spikes": "Epileptiform-interictal-activity",
    "spike_and_wave": "Spike-and-slow-wave",
    "polyspikes": "Polyspikes",
    "lpd": "Lateralized-periodic-discharges",
    "gpd": "Generalized-periodic-discharges",
    "bipd": "Bilateral-independent-periodic-discharges",
    "lrda": "Rhythmic-delta-activity",
    "grda": "Rhythmic-delta-activity",
    "extreme_delta_brush": "Extreme-delta-brush",
    "electrographic_seizure": "Electroencephalographic-seizure",
    "eye_blinks": "Eye-blink-artifact",
    "lateral_eye_movements": "Horizontal-eye-movement-artifact",
    "muscle_artifact": "EMG-artifact",
    "electrode_artifact": "Nonbiological-artifact",
    "line_noise": "Line-noise-artifact",
    "ecg_artifact": "ECG-artifact",
    "movement_artifact": "Movement-artifact",
    "normal": "Normal",
    "abnormal": "Abnormal",
}
"""Short names of tags in the HED library schema score_2.1.0; findings it has no tag for are left out."""


def _define(
    id: str,
    group: Group,
    name: str,
    definition: str,
    source: str,
    gloss: str,
    attributes: str = "",
    frequency_range_hz: tuple[float, float] | None = None,
    frequency_step_hz: float = 0.5,
) -> FindingDefinition:
    return FindingDefinition(
        id=id,
        group=group,
        name=name,
        definition=definition,
        source=source,
        gloss=gloss,
        attributes=frozenset(attributes.split()),
        frequency_range_hz=frequency_range_hz,
        frequency_step_hz=frequency_step_hz,
        hed_tag=_HED_TAGS.get(id),
    )


# A table: one row a finding.
# fmt: off
_DEFINITIONS = (
    # --- state ---------------------------------------------------------------------------------
    _define("eyes_open", "state", "eyes open", "Awake with the eyes open: posterior rhythm attenuated, blinks.", "IFCN 2017", "The person seems awake with open eyes."),
    _define("eyes_closed", "state", "eyes closed", "Relaxed wakefulness with the eyes closed: posterior dominant rhythm present, no blinks.", "IFCN 2017", "The person seems awake with closed eyes."),
    _define("drowsy", "state", "drowsiness", "Posterior rhythm slows or drops out, theta appears, slow lateral eye movements.", "IFCN 2017", "The person seems to be falling asleep."),
    _define("n1_sleep", "state", "stage N1 sleep", "Low-amplitude mixed-frequency activity (4-7 Hz) over more than half of an epoch; vertex waves.", "AASM", "The lightest stage of sleep."),
    _define("n2_sleep", "state", "stage N2 sleep", "Sleep spindles or K-complexes without meeting N3.", "AASM", "Established light sleep."),
    _define("n3_sleep", "state", "stage N3 sleep", "Slow waves of 0.5-2 Hz and more than 75 uV (frontal) over at least 20 % of an epoch.", "AASM", "Deep sleep."),
    _define("rem_sleep", "state", "REM sleep", "Low-amplitude mixed-frequency activity, rapid eye movements, low muscle tone.", "AASM", "Dream sleep."),
    # --- background ----------------------------------------------------------------------------
    _define("posterior_dominant_rhythm", "background", "posterior dominant rhythm", "Rhythm of 8-13 Hz in adults over the posterior head regions in wakefulness, best with the eyes closed, attenuated by eye opening; amplitude mostly below 50 uV.", "IFCN 2017; amplitude classes of SCORE 2", "The resting rhythm of the back of the head.", "side frequency_hz amplitude_uv change", (3.0, 14.0)),
    _define("mu_rhythm", "background", "mu rhythm", "Arch-shaped rhythm of 7-11 Hz over the central regions, mostly below 50 uV, blocked by movement.", "IFCN 2017", "The resting rhythm of the motor strip.", "side frequency_hz", (7.0, 13.0)),
    _define("beta_activity", "background", "beta activity", "Activity of 14-40 Hz, prominent when above about 20 uV; often an effect of sedatives.", "IFCN 2017; SCORE 2", "Fast activity, often caused by medication.", "regions frequency_hz", (13.0, 40.0), 1.0),
    _define("generalized_theta_slowing", "background", "generalized theta slowing", "Theta activity (4-8 Hz) over all head regions in excess of age and state.", "IFCN 2017; SCORE 2", "The whole brain's activity is mildly too slow.", "frequency_hz prevalence change", (4.0, 8.0)),
    _define("generalized_delta_slowing", "background", "generalized delta slowing", "Polymorphic delta activity (below 4 Hz) over all head regions in excess of age and state.", "IFCN 2017; SCORE 2", "The whole brain's activity is markedly too slow.", "frequency_hz prevalence change", (0.5, 4.0)),
    _define("focal_slowing", "background", "focal slowing", "Theta or delta activity confined to, or clearly maximal over, one region.", "IFCN 2017; SCORE 2", "One region of the brain is too slow.", "side regions frequency_hz prevalence change", (0.5, 8.0)),
    _define("asymmetry", "background", "background asymmetry", "Amplitude of one side consistently below the other: mild below 50 %, marked above; `side` is the side of the lower amplitude.", "ACNS 2021", "One side is weaker than the other.", "side"),
    _define("low_voltage", "background", "low-voltage background", "Background below 20 uV peak to peak in longitudinal bipolar derivations, but not below 10 uV.", "ACNS 2021", "The brain's activity is weak.", "amplitude_uv"),
    _define("extreme_low_voltage", "background", "extremely low-voltage (suppressed) background", "Background below 10 uV peak to peak in longitudinal bipolar derivations throughout.", "ACNS 2021", "Hardly any activity of the brain can be seen.", "amplitude_uv"),
    _define("brief_attenuation", "background", "brief attenuations", "Intermittent stretches of at least 0.5 s at less than half of the background amplitude, but not suppressed (at least 10 uV), below half of the record.", "ACNS 2021", "The activity drops for moments."),
    _define("burst_suppression", "background", "burst suppression", "Bursts of at least 0.5 s alternating with suppression (below 10 uV) over 50-99 % of the record.", "ACNS 2021 (not the 20 uV of SCORE)", "Bursts of activity alternate with near silence.", "change"),
    _define("discontinuity", "background", "discontinuous background", "Attenuation or suppression over 10-49 % of the record.", "ACNS 2021", "The activity is interrupted by quiet stretches."),
    # --- sleep ---------------------------------------------------------------------------------
    _define("sleep_spindles", "sleep", "sleep spindles", "Bursts of 11-16 Hz (mostly 12-14 Hz) of at least 0.5 s, maximal over the central regions.", "AASM; IFCN 2017", "Bursts of sleep rhythm.", "frequency_hz", (10.5, 16.0)),
    _define("k_complexes", "sleep", "K-complexes", "Sharp negative then positive wave of at least 0.5 s, maximal frontally, standing out from the background.", "AASM; IFCN 2017", "Large single waves of sleep."),
    _define("vertex_waves", "sleep", "vertex sharp waves", "Sharp waves below 0.5 s, maximal at the vertex, below 250 uV.", "AASM; IFCN 2017", "Sharp single waves of light sleep."),
    _define("slow_wave_sleep", "sleep", "slow-wave activity of sleep", "Waves of 0.5-2 Hz above 75 uV, frontally maximal, over at least 20 % of the epoch.", "AASM", "The large slow waves of deep sleep."),
    # --- epileptiform --------------------------------------------------------------------------
    _define("spikes", "epileptiform", "spikes or sharp waves", "Transients of 20-70 ms (spike) or 70-200 ms (sharp wave) that meet at least 4 of the 6 IFCN criteria.", "IFCN 2017; Kural et al. 2020", "Brief discharges seen in epilepsy.", "side regions prevalence"),
    _define("spike_and_wave", "epileptiform", "spike-and-wave complexes", "A spike followed by a slow wave, single or in runs, typically 2.5-4 Hz when generalized.", "IFCN 2017", "Spike and slow wave, seen in epilepsy.", "side regions frequency_hz prevalence", (1.0, 5.0)),
    _define("polyspikes", "epileptiform", "polyspikes", "Two or more spikes in direct succession, with or without a slow wave.", "IFCN 2017", "Groups of spikes, seen in epilepsy.", "side regions"),
    # --- rhythmic and periodic -----------------------------------------------------------------
    _define("lpd", "rhythmic_periodic", "lateralized periodic discharges (LPDs)", "Discharges of near-uniform shape at nearly regular intervals, at least 6 cycles, unilateral or clearly lateralized, at most 2.5 Hz.", "ACNS 2021", "Regular discharges on one side.", "side regions frequency_hz prevalence change", (0.2, 3.0)),
    _define("gpd", "rhythmic_periodic", "generalized periodic discharges (GPDs)", "Discharges of near-uniform shape at nearly regular intervals, at least 6 cycles, bilateral and synchronous, at most 2.5 Hz.", "ACNS 2021", "Regular discharges on both sides at once.", "frequency_hz prevalence change", (0.2, 3.0)),
    _define("bipd", "rhythmic_periodic", "bilateral independent periodic discharges (BIPDs)", "Two populations of lateralized periodic discharges, one on each side, not synchronous.", "ACNS 2021", "Regular discharges on both sides, independent of each other.", "frequency_hz prevalence", (0.2, 3.0)),
    _define("lrda", "rhythmic_periodic", "lateralized rhythmic delta activity (LRDA)", "Monomorphic rhythmic waves of 0.5-4 Hz without interval, at least 6 cycles, lateralized.", "ACNS 2021", "Rhythmic slow waves on one side.", "side regions frequency_hz prevalence change", (0.5, 4.0)),
    _define("grda", "rhythmic_periodic", "generalized rhythmic delta activity (GRDA)", "Monomorphic rhythmic waves of 0.5-4 Hz without interval, at least 6 cycles, bilateral and synchronous.", "ACNS 2021", "Rhythmic slow waves on both sides.", "frequency_hz prevalence change", (0.5, 4.0)),
    _define("extreme_delta_brush", "rhythmic_periodic", "extreme delta brush", "Abundant delta waves with fast activity (beta) riding on each of them.", "ACNS 2021", "Slow waves with fast activity on top."),
    # --- ictal ---------------------------------------------------------------------------------
    _define("electrographic_seizure", "ictal", "electrographic seizure", "Epileptiform discharges averaging more than 2.5 Hz for at least 10 s, or definite evolution for at least 10 s; a single window can only show a candidate.", "ACNS 2021", "A seizure seen in the recording.", "side regions frequency_hz change", (0.5, 30.0)),
    # --- artifact ------------------------------------------------------------------------------
    _define("eye_blinks", "artifact", "eye blinks", "Frontopolar positive deflections of 0.2-0.5 s, in phase on both sides, decaying fast backward.", "IFCN 2017", "Blinking."),
    _define("lateral_eye_movements", "artifact", "lateral eye movements", "Deflections of opposite sign at F7 and F8.", "IFCN 2017", "Eyes moving sideways."),
    _define("muscle_artifact", "artifact", "muscle artifact", "Irregular fast activity above 20-30 Hz, maximal over temporal and frontal electrodes.", "IFCN 2017", "Muscle tension.", "side regions"),
    _define("electrode_artifact", "artifact", "electrode artifact", "Deflections, noise or drift confined to one electrode, without a field in its neighbours.", "IFCN 2017", "A bad electrode contact.", "side regions"),
    _define("line_noise", "artifact", "mains interference", "A narrow peak at 50 or 60 Hz.", "IFCN 2017", "Interference of the mains.", "frequency_hz", (45.0, 65.0), 1.0),
    _define("ecg_artifact", "artifact", "ECG artifact", "Sharp transients in time with the heart.", "IFCN 2017", "The heart beat, picked up at the head."),
    _define("movement_artifact", "artifact", "movement artifact", "Large irregular slow deflections over many electrodes.", "IFCN 2017", "Movement of head or cables."),
    _define("flat_channel", "artifact", "flat channel", "An electrode without signal.", "IFCN 2017", "An electrode that records nothing.", "side regions"),
    # --- summary -------------------------------------------------------------------------------
    _define("normal", "summary", "normal", "Nothing abnormal among the findings assessed, in a recording that could be assessed.", "SCORE 2", "Nothing abnormal was seen."),
    _define("abnormal", "summary", "abnormal", "At least one abnormal finding.", "SCORE 2", "Something abnormal was seen."),
)
# fmt: on

VOCABULARY: dict[str, FindingDefinition] = {definition.id: definition for definition in _DEFINITIONS}
"""Every finding by id, in the order of the design."""

FINDING_IDS: tuple[str, ...] = tuple(VOCABULARY)
ORDER = {finding: place for place, finding in enumerate(FINDING_IDS)}
"""Place of a finding in the order in which they are told."""

ABNORMAL_IDS: frozenset[str] = frozenset(
    {
        "generalized_theta_slowing", "generalized_delta_slowing", "focal_slowing", "asymmetry", "low_voltage",
        "extreme_low_voltage", "brief_attenuation", "burst_suppression", "discontinuity", "spikes",
        "spike_and_wave", "polyspikes", "lpd", "gpd", "bipd", "lrda", "grda", "extreme_delta_brush",
        "electrographic_seizure",
    }
)  # fmt: skip
"""Findings each of which makes a segment abnormal."""


def ids_of(*groups: Group) -> tuple[str, ...]:
    """Ids of the findings of the given groups, in the order of the vocabulary."""
    return tuple(d.id for d in _DEFINITIONS if d.group in groups)


def define(finding: str) -> FindingDefinition:
    """The definition of a finding.

    Raises:
        ValueError: The id is not in the vocabulary.
    """
    try:
        return VOCABULARY[finding]
    except KeyError:
        raise ValueError(
            f"unknown finding {finding!r}; the vocabulary holds {', '.join(FINDING_IDS)}"
        ) from None
