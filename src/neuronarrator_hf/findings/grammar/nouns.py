"""What the writer calls each finding; the first name is the fixed one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    """How a finding is named.

    Attributes:
        number: "plural", "mass" (no article) or "singular" (with an article).
        names: Names of the finding when it is there.
        absent: Names in a list of what is not there, plural or mass.
        takes_place: Whether "left temporal" may stand before the name.
    """

    number: str
    names: tuple[str, ...]
    absent: tuple[str, ...] = ()

    @property
    def denied(self) -> tuple[str, ...]:
        """Names for a list of what is absent or not assessed."""
        return self.absent or self.names


def _plural(*names: str, absent: tuple[str, ...] = ()) -> Noun:
    return Noun("plural", names, absent)


def _mass(*names: str, absent: tuple[str, ...] = ()) -> Noun:
    return Noun("mass", names, absent)


def _singular(*names: str, absent: tuple[str, ...] = ()) -> Noun:
    return Noun("singular", names, absent)


NOUNS: dict[str, Noun] = {
    "eyes_open": _mass(
        "wakefulness with the eyes open", "eyes-open wakefulness", "wakefulness with open eyes"
    ),
    "eyes_closed": _mass(
        "wakefulness with the eyes closed",
        "eyes-closed wakefulness",
        "relaxed wakefulness with the eyes closed",
    ),
    "drowsy": _mass("drowsiness"),
    "n1_sleep": _mass("stage N1 sleep", "N1 sleep", "light sleep (stage N1)"),
    "n2_sleep": _mass("stage N2 sleep", "N2 sleep", "NREM stage 2 sleep"),
    "n3_sleep": _mass("stage N3 sleep", "N3 sleep", "deep sleep"),
    "rem_sleep": _mass("REM sleep", "stage R sleep"),
    "posterior_dominant_rhythm": _singular(
        "posterior dominant rhythm",
        "posterior rhythm",
        "dominant posterior rhythm",
        "posterior basic rhythm",
        "posterior background rhythm",
    ),
    "mu_rhythm": _singular("mu rhythm", "central mu rhythm", "rolandic mu rhythm"),
    "beta_activity": _mass(
        "beta activity", "fast beta activity", "beta-range fast activity", "fast activity"
    ),
    "generalized_theta_slowing": _mass(
        "generalized theta slowing",
        "diffuse theta slowing",
        "generalized theta activity",
        "diffuse theta activity",
        "widespread theta slowing",
        absent=("generalized theta slowing", "diffuse theta slowing"),
    ),
    "generalized_delta_slowing": _mass(
        "generalized delta slowing",
        "diffuse delta slowing",
        "generalized delta activity",
        "diffuse polymorphic delta activity",
        "generalized polymorphic delta slowing",
        "widespread delta activity",
        absent=("generalized delta slowing", "diffuse delta slowing"),
    ),
    "focal_slowing": _mass(
        "focal slowing",
        "focal slow activity",
        "focal polymorphic slowing",
        "irregular focal slowing",
        "localized slowing",
        absent=("focal slowing", "focal slow activity", "localized slowing"),
    ),
    "asymmetry": _mass("background asymmetry", "asymmetry of the background", "amplitude asymmetry"),
    "low_voltage": _singular("low-voltage background", "low-amplitude background"),
    "extreme_low_voltage": _singular("suppressed background", "extremely low-voltage background"),
    "brief_attenuation": _plural(
        "brief attenuations", "brief background attenuations", "brief episodes of attenuation"
    ),
    "burst_suppression": _mass("burst suppression"),
    "discontinuity": _singular("discontinuous background", absent=("discontinuity",)),
    "sleep_spindles": _plural("sleep spindles", "spindles"),
    "k_complexes": _plural("K-complexes", "K complexes"),
    "vertex_waves": _plural("vertex waves", "vertex sharp waves", "vertex sharp transients"),
    "slow_wave_sleep": _plural("slow waves of sleep", "slow waves of deep sleep", "sleep slow waves"),
    "spikes": _plural(
        "spikes or sharp waves",
        "sharp waves",
        "spikes",
        "spikes and sharp waves",
        "interictal epileptiform discharges",
        "epileptiform discharges",
        absent=("spikes or sharp waves", "sharp waves", "spikes"),
    ),
    "spike_and_wave": _plural(
        "spike-and-wave complexes",
        "spike-and-wave discharges",
        "spike-wave complexes",
        "spike-and-slow-wave complexes",
    ),
    "polyspikes": _plural("polyspikes", "polyspike discharges", "polyspike complexes"),
    "lpd": _plural("lateralized periodic discharges", "LPDs", "periodic lateralized discharges"),
    "gpd": _plural("generalized periodic discharges", "GPDs", "periodic generalized discharges"),
    "bipd": _plural("bilateral independent periodic discharges", "BIPDs"),
    "lrda": _mass("lateralized rhythmic delta activity", "LRDA", "lateralized rhythmic delta"),
    "grda": _mass("generalized rhythmic delta activity", "GRDA", "generalized rhythmic delta"),
    "extreme_delta_brush": _mass("extreme delta brush"),
    "electrographic_seizure": _singular(
        "electrographic seizure",
        "electrographic seizure pattern",
        "ictal pattern",
        absent=("electrographic seizures", "seizures", "seizure activity"),
    ),
    "eye_blinks": _plural("eye blinks", "blinks", "eye blink artifacts"),
    "lateral_eye_movements": _plural("lateral eye movements", "lateral eye movement artifacts"),
    "muscle_artifact": _mass("muscle artifact", "EMG artifact", "muscle activity", "myogenic artifact"),
    "electrode_artifact": _mass("electrode artifact", "electrode noise"),
    "line_noise": _mass("mains interference", "line noise", "mains artifact"),
    "ecg_artifact": _mass("ECG artifact", "EKG artifact", "cardiac artifact"),
    "movement_artifact": _mass("movement artifact", "motion artifact"),
    "flat_channel": _singular("flat channel", "flat electrode", absent=("flat channels",)),
    "normal": _mass("normality"),
    "abnormal": _mass("abnormality"),
}

FLAT_CHANNELS = _plural("flat channels", "flat electrodes")
"""Of a claim that tells of more places than one electrode can have."""

FAMILY_NOUNS: dict[str, Noun] = {
    "EPI": _plural(
        "epileptiform discharges",
        "interictal epileptiform discharges",
        "epileptiform abnormalities",
        "epileptiform potentials",
        "epileptiform transients",
    ),
    "RPP": _plural("rhythmic or periodic patterns", "periodic or rhythmic patterns"),
    "PD": _plural("periodic discharges", "periodic patterns"),
    "RDA": _mass("rhythmic delta activity", "rhythmic delta"),
    "SLOWGEN": _mass("generalized slowing", "diffuse slowing", "generalized slow activity"),
    "SLEEPWAVES": _plural("sleep transients", "sleep structures", "structures of sleep"),
    "ARTIFACT": _plural("artifacts"),
}
"""Names of whole families, for the denial of all their members; in the order in which they are tried."""
SPORADIC_DISCHARGES = _plural("sporadic epileptiform discharges")
"""What is denied beside periodic discharges, which are epileptiform themselves (term of ACNS 2021)."""
