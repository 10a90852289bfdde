"""What the parser understands: phrases and what each of them means.

A phrase is written in a small pattern language: `[a/b]` is a choice, `{a}` may be left out, `(s)` is
an optional ending. Hyphens are spaces: the tokens carry none.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

SPELLINGS = {
    "generalised": "generalized", "lateralised": "lateralized", "localised": "localized", "artefact": "artifact",
    "artefacts": "artifacts", "symmetrical": "symmetric", "symmetrically": "symmetric", "asymmetrical": "asymmetric",
    "diffusely": "diffuse", "grey": "gray", "organised": "organized", "characterised": "characterized",
    "oscillations": "activity", "frequencies": "activity", "generalisation": "generalization",
}  # fmt: skip
"""Spellings folded before the phrases are looked up."""

# A finding's meaning: ids, or a family in capitals whose member depends on place, band and polarity.
# "!" before it: the phrase itself denies the finding ("symmetric" denies asymmetry).
FINDINGS: dict[str, str] = {
    # state
    "{relaxed} wakefulness with [eyes open/open eyes]": "eyes_open", "eyes open {resting} wakefulness": "eyes_open",
    "{relaxed} wakefulness with [eyes closed/closed eyes]": "eyes_closed", "eyes closed {resting} wakefulness": "eyes_closed",
    "eyes open": "eyes_open", "open eyes": "eyes_open", "eyes {are/were/remain/remained/being} open": "eyes_open",
    "eyes closed": "eyes_closed", "closed eyes": "eyes_closed", "eyes {are/were/remain/remained} closed": "eyes_closed",
    "drowsiness": "drowsy", "drowsy": "drowsy", "drowsy state": "drowsy",
    "{stage} n1 {sleep}": "n1_sleep", "[stage/nrem] [1/i] {sleep}": "n1_sleep", "light sleep {stage n1}": "n1_sleep",
    "{stage} n2 {sleep}": "n2_sleep", "[stage/nrem] [2/ii] {sleep}": "n2_sleep",
    "{stage} n3 {sleep}": "n3_sleep", "[stage/nrem] [3/iii/4/iv] {sleep}": "n3_sleep",
    "[deep/delta] sleep": "n3_sleep", "slow wave sleep": "n3_sleep",
    "{stage} [rem/r] sleep": "rem_sleep", "rapid eye movement sleep": "rem_sleep",
    "sleep": "SLEEP", "asleep": "",
    # background
    "posterior [dominant/basic/alpha/background] [rhythm/activity/frequency]": "posterior_dominant_rhythm",
    "posterior dominant alpha {rhythm/activity}": "posterior_dominant_rhythm",
    "{dominant} posterior rhythm": "posterior_dominant_rhythm", "posterior alpha": "posterior_dominant_rhythm",
    "pdr": "posterior_dominant_rhythm", "dominant posterior activity": "posterior_dominant_rhythm",
    "{occipital} alpha [rhythm/activity/background/frequency]": "posterior_dominant_rhythm",
    "slowing of the [alpha/posterior/posterior dominant/background] rhythm": "posterior_dominant_rhythm",
    "occipital rhythm": "posterior_dominant_rhythm", "occipital dominant rhythm": "posterior_dominant_rhythm",
    "mu {rhythm/activity}": "mu_rhythm", "[rolandic/central] mu {rhythm/activity}": "mu_rhythm",
    "rolandic rhythm": "mu_rhythm", "wicket rhythm": "mu_rhythm",
    "beta {activity/rhythm/rhythms/range activity}": "beta_activity", "fast activity": "beta_activity",
    "fast beta {activity}": "beta_activity", "beta fast activity": "beta_activity",
    "theta {slowing/activity/waves/slow activity/slow waves/range slowing}": "SLOW:theta",
    "delta {slowing/activity/waves/slow activity/slow waves/range slowing}": "SLOW:delta",
    "theta delta {slowing/activity/slow activity/waves}": "SLOW:theta+delta",
    "delta theta {slowing/activity/slow activity/waves}": "SLOW:theta+delta",
    "slowing": "SLOW:", "slow activity": "SLOW:", "slow wave(s)": "SLOW:", "slow wave activity": "SLOW:",
    "diffuse slow": "SLOWGEN:", "background [is/was/appears] slow": "SLOWGEN:", "slow background": "SLOWGEN:",
    "slow for age": "SLOWGEN:", "background slow for age": "SLOWGEN:",
    "background [is/was] slow for age": "SLOWGEN:",
    "focal [abnormality/abnormalities/feature/features/changes/finding/findings]": "FOCAL",
    "{background} asymmetry": "asymmetry", "{background} asymmetries": "asymmetry", "asymmetric {background}": "asymmetry",
    "interhemispheric asymmetry": "asymmetry", "asymmetry of the background": "asymmetry",
    "amplitude asymmetry": "asymmetry", "background [is/was] asymmetric": "asymmetry",
    "asymmetry of the background amplitude": "asymmetry",
    "[lower/reduced/decreased] [voltage/amplitude/amplitudes/voltages]": "ASYM",
    "[voltage/amplitude/amplitudes] [is/are/was/were] [lower/reduced/decreased]": "ASYM",
    "[voltage/amplitude] reduction": "ASYM", "attenuation": "ASYM", "attenuated": "ASYM",
    "symmetric": "!asymmetry", "symmetry": "asymmetry", "without asymmetry": "!asymmetry",
    "{extremely/very} low voltage {background/activity/tracing/recording/record/eeg/fast activity}": "low_voltage",
    "low amplitude [background/tracing/recording/record/eeg]": "low_voltage",
    "{background} [voltage/voltages] [is/was/are/were] low": "low_voltage",
    "low voltage {background} [is/was] [seen/present]": "low_voltage",
    "{moderately} low background voltage": "low_voltage",
    "extremely low voltage {background/activity/tracing}": "extreme_low_voltage",
    "extremely low background voltage": "extreme_low_voltage",
    "extreme low voltage {background/activity}": "extreme_low_voltage",
    "[suppressed/flat] background {activity}": "extreme_low_voltage", "suppressed": "extreme_low_voltage",
    "background suppression": "extreme_low_voltage", "suppression {of the background}": "extreme_low_voltage",
    "background [is/was] [suppressed/flat]": "extreme_low_voltage", "isoelectric": "extreme_low_voltage",
    "electrocerebral [inactivity/silence]": "extreme_low_voltage", "background attenuation": "ATTEN",
    "brief attenuation(s)": "brief_attenuation", "brief attenuation(s) of the background": "brief_attenuation",
    "intermittent {brief} attenuation(s)": "brief_attenuation", "brief [periods/moments/episodes] of attenuation": "brief_attenuation",
    "brief background attenuation(s)": "brief_attenuation",
    "burst suppression {pattern}": "burst_suppression", "burst attenuation {pattern}": "burst_suppression",
    "bursts and {periods of} suppression": "burst_suppression", "bursts alternating with suppression": "burst_suppression",
    "suppression burst {pattern}": "burst_suppression", "bursts alternating with {periods of} suppression": "burst_suppression",
    "discontinuous {background/activity/pattern}": "discontinuity", "discontinuity {of the background}": "discontinuity",
    "discontinuous with [periods/stretches/intervals] of [attenuation/suppression]": "discontinuity",
    "background [is/was] discontinuous": "discontinuity",
    "background {activity} [is/was] continuous": "!discontinuity+burst_suppression",
    "continuous background {activity}": "!discontinuity+burst_suppression",
    "[normal/preserved] [voltage/voltages/amplitude/amplitudes]": "!low_voltage+extreme_low_voltage",
    "[voltage/voltages/amplitude] [is/are/was/were] normal": "!low_voltage+extreme_low_voltage",
    # sleep
    "{sleep} spindle(s)": "sleep_spindles", "sigma spindles": "sleep_spindles", "spindle activity": "sleep_spindles",
    "sigma activity": "sleep_spindles",
    "k complex": "k_complexes", "k complexes": "k_complexes",
    "vertex {sharp} [wave/waves/transient/transients]": "vertex_waves", "v waves": "vertex_waves",
    "sleep slow wave(s)": "slow_wave_sleep", "slow waves of {deep} sleep": "slow_wave_sleep",
    "slow wave activity of {deep} sleep": "slow_wave_sleep", "high [voltage/amplitude] slow waves of sleep": "slow_wave_sleep",
    "slow waves of slow wave sleep": "slow_wave_sleep",
    "sleep [structures/elements/transients/features/graphoelements/patterns]": "SLEEPWAVES",
    "[structures/elements/transients/features] of sleep": "SLEEPWAVES",
    # epileptiform
    "spike(s)": "spikes", "{slow} sharp wave(s)": "spikes", "sharp transient(s)": "spikes",
    "spikes [or/and] sharp waves": "spikes", "sharp and slow wave {complex/complexes/discharges}": "spikes",
    "sharp waves [or/and] spikes": "spikes",
    "sharp transient(s) of uncertain significance": "spikes?", "spike discharge(s)": "spikes", "sharp discharge(s)": "spikes",
    "{interictal} epileptiform [discharge/discharges/activity/abnormality/abnormalities/features/transients/potentials/findings/change/changes]": "EPI",
    "interictal discharges": "EPI", "ied(s)": "EPI",
    "spike {and} {slow} wave {complex/complexes/discharge/discharges/activity/paroxysm/paroxysms}": "spike_and_wave",
    "spike [and/or] {slow} waves": "spike_and_wave", "spike slow wave(s)": "spike_and_wave", "swd(s)": "spike_and_wave",
    "spikes and slow waves": "spike_and_wave",
    "polyspike(s) {and wave/and waves/wave/waves} {discharge/discharges/complex/complexes}": "polyspikes",
    "multiple spike complexes": "polyspikes",
    # rhythmic and periodic
    "periodic {epileptiform} [discharge/discharges/pattern/patterns/activity]": "PD", "pd(s)": "PD",
    "lateralized periodic {epileptiform} [discharge/discharges]": "lpd",
    "periodic lateralized {epileptiform} [discharge/discharges]": "lpd", "lpd(s)": "lpd", "pled(s)": "lpd",
    "generalized periodic {epileptiform} [discharge/discharges/pattern]": "gpd",
    "periodic generalized {epileptiform} [discharge/discharges]": "gpd", "gpd(s)": "gpd", "gped(s)": "gpd",
    "triphasic [wave/waves/discharges]": "gpd", "gpds with triphasic morphology": "gpd",
    "[bilateral/bihemispheric] independent periodic {lateralized} {epileptiform} [discharge/discharges]": "bipd",
    "bilateral independent lpds": "bipd", "bilateral independent lateralized periodic discharges": "bipd",
    "bipd(s)": "bipd", "bipled(s)": "bipd", "independent bilateral periodic discharges": "bipd",
    "rhythmic {slow} delta {activity/waves/slowing/patterns}": "RDA", "rda": "RDA", "rhythmic slow activity": "RDA",
    "rhythmic slowing": "RDA",
    "lateralized rhythmic delta {activity}": "lrda", "lrda": "lrda", "tirda": "lrda@temporal",
    "temporal intermittent rhythmic delta {activity}": "lrda@temporal",
    "generalized rhythmic delta {activity}": "grda", "grda": "grda", "firda": "grda", "oirda": "grda",
    "[frontal/occipital] intermittent rhythmic delta {activity}": "grda",
    "rhythmic [or/and] periodic [pattern/patterns/activity/discharges]": "RPP",
    "periodic [or/and] rhythmic [pattern/patterns/activity/discharges]": "RPP",
    "extreme delta brush(es) {pattern}": "extreme_delta_brush", "delta brush(es)": "extreme_delta_brush",
    "extreme delta brush pattern": "extreme_delta_brush",
    # ictal
    "{electrographic/subclinical/electroclinical/nonconvulsive/focal/ictal} seizure(s) {activity/pattern/patterns}": "electrographic_seizure",
    "{electrographic} seizure activity": "electrographic_seizure", "seizure onset": "electrographic_seizure",
    "ictal [pattern/patterns/activity/discharge/discharges/rhythm/rhythms]": "electrographic_seizure",
    # artifact
    "{eye} blink(s) {artifact/artifacts}": "eye_blinks", "blinking": "eye_blinks",
    "lateral eye movement(s) {artifact/artifacts}": "lateral_eye_movements", "lateral eye movement artifact": "lateral_eye_movements",
    "{slow} [roving/rolling/saccadic/horizontal] {lateral} eye movement(s)": "lateral_eye_movements",
    "rapid eye movements": "lateral_eye_movements", "saccades": "lateral_eye_movements",
    "[muscle/myogenic/emg/chewing/temporalis] {artifact/artifacts/activity/interference}": "muscle_artifact",
    "muscular artifact": "muscle_artifact",
    "electrode [artifact/artifacts/pop/pops/noise]": "electrode_artifact", "poor [contact/electrode contact]": "electrode_artifact",
    "electrode pop artifact": "electrode_artifact", "impedance artifact": "electrode_artifact",
    "[mains/line/power line] [interference/noise/artifact/hum]": "line_noise", "mains": "line_noise",
    "{ac} mains artifact": "line_noise",
    "[ecg/ekg/cardiac/cardioballistic] [artifact/artifacts/interference/contamination]": "ecg_artifact",
    "[movement/motion] {artifact/artifacts}": "movement_artifact",
    "[flat/dead] [channel/channels/electrode/electrodes]": "flat_channel", "flat": "flat_channel",
    "artifact(s)": "ARTIFACT",
    # summary
    "normal {awake/adult/waking/routine/sleep/and/asleep} [eeg/study/recording/segment/tracing/record/electroencephalogram/window/epoch]": "normal",
    "[within/in] normal limits": "normal", "within the normal range": "normal", "[is/was/appears/are] normal": "normal",
    "not normal": "!normal", "[possibly/probably] normal": "normal?", "normality": "normal", "[segment/recording/eeg/tracing/record/epoch] as a whole": "normal",
    "overall judgement {of the [segment/recording]}": "normal", "overall judgement of normality": "normal", "unremarkable": "normal",
    "no [abnormality/abnormalities] {is/was/are/were} {seen/found/noted/detected}": "normal",
    "nothing abnormal": "normal",
    "abnormal": "abnormal", "abnormality": "abnormal",
    # phrases that look like a finding and are none
    "alpha range": "", "theta range": "", "sharply contoured": "", "epileptiform": "", "photoparoxysmal [discharge/discharges/response]": "",
    "sleep deprivation": "", "sleep deprived": "", "low [voltage/amplitude] [beta/theta/delta/alpha]": "",
    "normal for age": "", "beta blocker(s)": "", "flat line": "flat_channel", "wicket [spikes/waves]": "",
    "wicket": "", "small sharp spikes": "", "movement disorder(s)": "",
    "sleep architecture": "", "seizure(s) disorder": "", "seizure disorder": "", "history of seizure(s)": "",
    "rhythmic theta {activity}": "", "rhythmic": "", "muscle relaxant(s)": "", "electrode(s)": "",
}  # fmt: skip

BAND_RANGE = {
    "in the theta and delta range": "theta+delta", "in the theta range": "theta", "in the delta range": "delta",
    "in the theta delta range": "theta+delta", "in the delta and theta range": "theta+delta",
    "theta and delta {slowing/activity/slow activity}": "theta+delta", "delta and theta {slowing/activity}": "theta+delta",
    "mixture of theta and delta {activity}": "theta+delta",
}  # fmt: skip
"""Bands that qualify a slowing."""

SIDES = {
    "left {sided}": "left", "right {sided}": "right", "{on} {the} left side": "left", "{on} {the} right side": "right",
    "bilateral": "bilateral", "bilaterally": "bilateral", "both hemispheres": "bilateral", "both sides": "bilateral", "both": "bilateral",
    "bihemispheric": "bilateral", "midline": "midline", "left {cerebral} hemisphere": "left",
    "right {cerebral} hemisphere": "right", "left hemispheric": "left", "right hemispheric": "right",
    "[left/right] [more than/greater than/over] [left/right]": "bilateral", "on the left": "left", "on the right": "right",
}  # fmt: skip

PLACES: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "frontal": (None, ("frontal",)), "frontally": (None, ("frontal",)), "fronto": (None, ("frontal",)),
    "frontopolar": (None, ("frontal",)), "prefrontal": (None, ("frontal",)), "anterior": (None, ("frontal",)), "anteriorly": (None, ("frontal",)),
    "central": (None, ("central",)), "centrally": (None, ("central",)), "centro": (None, ("central",)),
    "rolandic": (None, ("central",)), "vertex": ("midline", ("central",)),
    "temporal": (None, ("temporal",)), "temporally": (None, ("temporal",)), "temporo": (None, ("temporal",)),
    "[anterior/mid/middle/posterior] temporal": (None, ("temporal",)),
    "parietal": (None, ("parietal",)), "parieto": (None, ("parietal",)), "parietally": (None, ("parietal",)),
    "occipital": (None, ("occipital",)), "occipitally": (None, ("occipital",)), "occipito": (None, ("occipital",)),
    "posterior": (None, ("parietal", "occipital")), "posteriorly": (None, ("parietal", "occipital")),
    "generalized": (None, ("generalized",)), "diffuse": (None, ("generalized",)), "widespread": (None, ("generalized",)),
    "over all regions": (None, ("generalized",)), "over all head regions": (None, ("generalized",)),
    "bifrontal": ("bilateral", ("frontal",)), "bitemporal": ("bilateral", ("temporal",)),
    "bitemporally": ("bilateral", ("temporal",)), "bifrontally": ("bilateral", ("frontal",)),
    "bicentral": ("bilateral", ("central",)), "biparietal": ("bilateral", ("parietal",)),
    "bioccipital": ("bilateral", ("occipital",)), "bifrontotemporal": ("bilateral", ("frontal", "temporal")),
    "bifrontocentral": ("bilateral", ("frontal", "central")),
}  # fmt: skip
for _first, _last in product(
    ("fronto", "centro", "temporo", "parieto"), ("central", "temporal", "parietal", "occipital")
):
    if not _first.startswith(_last[:5]):
        PLACES[_first + _last] = (None, (PLACES[_first][1][0], _last))

PREVALENCES = {
    "rare": "rare", "rarely": "rare", "isolated": "rare", "single": "", "{a} few": "rare", "very occasional": "rare",
    "occasional": "occasional", "occasionally": "occasional", "sporadic": "occasional", "sporadically": "occasional",
    "scattered": "occasional", "infrequent": "occasional",
    "frequent": "frequent", "frequently": "frequent", "numerous": "frequent", "many": "frequent",
    "abundant": "abundant", "abundantly": "abundant", "very frequent": "abundant",
    "continuous": "continuous", "continuously": "continuous", "persistent": "continuous", "constant": "continuous",
    "near continuous": "continuous", "nearly continuous": "continuous", "throughout {the recording/the segment}": "continuous",
    "for most of the segment": "abundant",
}  # fmt: skip

HEDGES = (
    "possible", "possibly", "probable", "probably", "suspected", "suspicious for", "{a} candidate {for}", "candidates {for}",
    "questionable", "[may/might] {represent/be/reflect/have/correspond to}", "suggestive of", "suspicion of", "likely",
    "[cannot/can not/could not] be [excluded/ruled out]", "[raise/raises] the possibility of", "apparent", "equivocal", "presumed",
    "perhaps", "what may be", "of uncertain significance", "tentatively", "[suggest/suggests] {the presence of}",
)  # fmt: skip
NOT_HEDGES = (
    "may be artifactual",
    "these may be {artifactual}",
    "probably related to",
    "likely related to",
    "likely due to",
    "probably due to",
)

NEGATIONS = ("no", "without", "neither", "nor", "absence of", "absent of", "free of", "devoid of", "lack of", "lacks",
             "negative for", "never", "no evidence of", "no evidence for", "nothing to suggest", "rather than")  # fmt: skip
POST_NEGATIONS = ("not", "absent", "none", "lacking", "nil", "neither seen")
NOT_NEGATIONS = (
    "not only",
    "no doubt",
    "not clearly epileptiform",
    "no normal",
    "no lateralizing signs",
    "no change",
    "not performed",
)
GONE = ("no longer", "[has/have/had] [resolved/disappeared/ceased/stopped/cleared]", "[is/are/was/were] gone",
        "[have/has] now [resolved/disappeared/ceased]", "resolved", "disappeared")  # fmt: skip
NOT_ASSESSED = (
    "[could/can/cannot] {not} be [assessed/evaluated/judged/determined/interpreted/examined/measured] {reliably}",
    "not {be} {reliably} [assessed/assessable/evaluable/evaluated/judged/interpretable/examined]", "[escape/escapes] assessment",
    "could not be reliably [assessed/evaluated/judged]", "[is/are/was/were] not [assessable/evaluable]",
    "not possible {to [assess/evaluate/judge]}", "beyond assessment", "unassessable", "no assessment of",
    "[is/are/remain/remains] beyond assessment",
    "no judgement of",
)  # fmt: skip

# "?" marks a word that means a change only beside what it is compared with.
CHANGES = {
    "new": "new", "newly {appearing/seen/present/appeared}": "new", "[has/have] {newly} appeared": "new",
    "not seen before": "new", "emerging": "new?", "now seen for the first time": "new",
    "[has/have] increased": "increased", "increased": "increased?", "more [marked/prominent/frequent/abundant/pronounced]": "increased?",
    "higher": "increased?", "increasing": "increased", "[has/have] become more [marked/prominent/frequent]": "increased",
    "[has/have] decreased": "decreased", "decreased": "decreased?", "less [marked/prominent/frequent/abundant/pronounced]": "decreased?",
    "[has/have] diminished": "decreased", "decreasing": "decreased", "[has/have] become less [marked/prominent/frequent]": "decreased",
    "lower": "decreased?", "faster": "faster?", "[has/have] accelerated": "faster", "[has/have] quickened": "faster", "slower": "slower?",
    "[has/have] slowed {down} {to}": "slower", "[has/have] become slower": "slower", "[has/have] become faster": "faster",
    "[has/have] spread": "spread", "more [widespread/extensive]": "spread?", "spreading": "spread",
    "wider": "spread?",
}  # fmt: skip
SINCE: dict[str, float | None] = {
    "[preceding/previous/prior/last] [segment/window/epoch/page]": 10.0, "segment before": 10.0,
    "[preceding/previous/prior/last] minute": 60.0, "{a/one} minute [earlier/before/ago]": 60.0,
    "half a minute [earlier/before/ago]": 30.0, "an hour [earlier/before/ago]": 3600.0,
    "[preceding/previous/prior/last] hour": 3600.0,
    "than {was seen} [before/earlier/previously]": None, "[than/compared with/compared to] {it was} [before/earlier/previously]": None,
    "[compared with/compared to/than] earlier in the recording": None, "than earlier": None,
    "[compared with/compared to/relative to/than] the earlier recording": None,
}  # fmt: skip

HARD_BREAKS = (
    "but",
    "however",
    "although",
    "though",
    "while",
    "whereas",
    "except",
    "apart from",
    "other than",
    "yet",
)
JOINS = ("and", "or", ",", "as well as", "plus", "&", "/")
WITHS = ("with", "accompanied by", "superimposed {on}", "followed by", "because of", "due to", "owing to")
PREPOSITIONS = ("over", "in", "at", "of", "from", "on", "during", "within", "into", "involving", "maximal {over}",
                "maximum {over/in}", "about", "around", "approximately")  # fmt: skip
VERBS = ("is", "are", "was", "were", "seen", "present", "noted", "recorded", "observed", "shows", "show", "showed", "shown", "occur",
         "occurs", "occurring", "persist", "persists", "evident", "identified", "appear", "appears", "captured", "found", "detected",
         "contains", "contain", "contaminates", "obscures", "limits", "accompany", "dominates", "predominates", "demonstrates",
         "consists", "consist", "arises", "has", "have", "visible", ":", "recognized", "can be", "reveals", "runs",
         "comprises", "carries", "features", "includes", "displays", "became", "entered")  # fmt: skip
REGION_NOUNS = (
    "{head} region(s)",
    "area(s)",
    "lead(s)",
    "quadrant(s)",
    "lobe(s)",
    "channel(s)",
    "derivation(s)",
    "chain(s)",
    "{head} areas",
)
DETERMINERS = ("the", "there", "this", "these", "it", "its", "a", "an")

ELECTRODES: dict[str, tuple[str, tuple[str, ...]]] = {}
for _names, _regions in (
    ("fp1 fp2 fpz f3 f4 fz af3 af4 f9 f10", ("frontal",)), ("f7 f8", ("frontal",)), ("ft9 ft10 ft7 ft8", ("temporal",)),
    ("c3 c4 cz", ("central",)), ("t3 t4 t5 t6 t7 t8 p7 p8 t1 t2 t9 t10 tp9 tp10", ("temporal",)),
    ("p3 p4 pz", ("parietal",)), ("o1 o2 oz", ("occipital",)),
):  # fmt: skip
    for _name in _names.split():
        _digits = re.sub(r"\D", "", _name)
        ELECTRODES[_name] = ("midline" if not _digits else "left" if int(_digits) % 2 else "right", _regions)

Entry = tuple[str, Any]


def expand(pattern: str) -> set[tuple[str, ...]]:
    """All token sequences of a pattern, see the module's docstring."""
    pattern = re.sub(r"([a-z]+)\(([a-z]+)\)", r"[\1/\1\2]", pattern)
    parts = re.findall(r"\[[^\]]*\]|\{[^}]*\}|[^\s\[\]{}]+", pattern)
    choices = []
    for part in parts:
        if part[0] == "[":
            choices.append(part[1:-1].split("/"))
        elif part[0] == "{":
            choices.append(["", *part[1:-1].split("/")])
        else:
            choices.append([part])
    return {tuple(" ".join(words).split()) for words in product(*choices)} - {()}


def build_index() -> dict[str, tuple[tuple[int, dict[tuple[str, ...], Entry]], ...]]:
    """Phrases by first token: the lengths to try, longest first, each with its phrases."""
    entries: dict[tuple[str, ...], Entry] = {}

    def add(kind: str, phrases: Any) -> None:
        items = phrases.items() if isinstance(phrases, dict) else ((p, None) for p in phrases)
        for pattern, value in items:
            for words in expand(pattern):
                entries[words] = ("none", None) if value == "" else (kind, value)

    for kind, phrases in (
        ("det", DETERMINERS), ("verb", VERBS), ("prep", PREPOSITIONS), ("with", WITHS), ("join", JOINS),
        ("hard", HARD_BREAKS), ("noun", REGION_NOUNS), ("since", SINCE), ("change", CHANGES), ("prev", PREVALENCES),
        ("side", SIDES), ("place", PLACES), ("place", ELECTRODES), ("band", BAND_RANGE), ("hedge", HEDGES),
        ("neg", NEGATIONS), ("postneg", POST_NEGATIONS), ("gone", GONE), ("na", NOT_ASSESSED),
        ("none", NOT_HEDGES), ("none", NOT_NEGATIONS), ("focal", ("focal", "localized")), ("lateral", ("lateralized", "unilateral")),
    ):  # fmt: skip
        add(kind, phrases)
    for pattern, meaning in FINDINGS.items():
        for words in expand(pattern):
            if meaning.startswith("extreme_low") or words not in entries or entries[words][0] != "finding":
                entries[words] = ("finding", meaning) if meaning else ("none", None)
    index: dict[str, dict[int, dict[tuple[str, ...], Entry]]] = {}
    for words, entry in entries.items():
        index.setdefault(words[0], {}).setdefault(len(words), {})[words] = entry
    return {first: tuple(sorted(by_length.items(), reverse=True)) for first, by_length in index.items()}
