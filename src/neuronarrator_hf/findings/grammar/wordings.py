"""The sentences in which the writer says it.

The first option of every tuple is the fixed wording of `variety=0`.
"""

from __future__ import annotations

RECORD = ("segment", "recording", "EEG", "tracing", "epoch")

# {np} the noun phrase, {Np} with a capital, {be} is/are, {record} the noun of the record. "Also" and "In
# addition" are left out of the first sentence of a paragraph, {Np} before a number.
PRESENT_FRAMES = (
    "There {be} {np}.",
    "{Np} {be} seen.",
    "{Np} {be} present.",
    "{Np} {be} noted.",
    "{Np} {be} recorded.",
    "{Np} {be} evident.",
    "{Np} {be} observed.",
    "The {record} shows {np}.",
    "The {record} contains {np}.",
    "The {record} demonstrates {np}.",
    "Also present {be} {np}.",
    "In addition there {be} {np}.",
)
BACKGROUND_FRAMES = (
    "There {be} {np}.",
    "{Np} {be} seen.",
    "{Np} {be} present.",
    "{Np} {be} noted.",
    "{Np} {be} recorded.",
    "{Np} {be} evident.",
    "The background shows {np}.",
    "The background contains {np}.",
    "The background features {np}.",
    "The {record} shows {np}.",
    "In the background there {be} {np}.",
)
LIST_FRAMES = (
    "{Np} are seen.",
    "{Np} are present.",
    "{Np} are recorded.",
    "{Np} are noted.",
    "The {record} shows {np}.",
    "The {record} contains {np}.",
)
HEDGED_FRAMES = (
    "{Np} {be} suspected.",
    "There may be {np}.",
    "{Np} cannot be excluded.",
    "The {record} is suggestive of {np}.",
    "The {record} raises the possibility of {np}.",
)
ADVERB_FRAMES = ("{Np} {be} {adverb} seen.", "{Np} {be} {adverb} present.", "{Np} {be} {adverb} recorded.")
STATE_FRAMES = (
    "The {record} shows {np}.",
    "{Np} is seen.",
    "{Np} is recorded.",
    "The state is {np}.",
    "The {record} was obtained in {np}.",
    "The electrographic state is {np}.",
    "The features are those of {np}.",
)
STATE_OPENINGS = ("In {np}, ", "During {np}, ")
ARTIFACT_FRAMES = (
    "There {be} {np}.",
    "{Np} {be} seen.",
    "{Np} {be} present.",
    "{Np} {be} superimposed.",
    "The {record} is contaminated by {np}.",
    "The {record} contains {np}.",
    "The {record} carries {np}.",
    "In addition there {be} {np}.",
)
ABSENT_FRAMES = (
    "No {np} {be} seen.",
    "There {first_be} no {np}.",
    "No {np} {be} noted.",
    "No {np} {be} recorded.",
    "No {np} {be} identified.",
    "No {np} {be} evident.",
    "The {record} shows no {np}.",
    "The {record} contains no {np}.",
    "The {record} is free of {np}.",
    "There is no evidence of {np}.",
    "Neither {nor} {be} seen.",
    "{Np_and} {are} absent.",
    "{Np_and} {are} not seen.",
    "{Np_and} {are} not observed.",
)
GONE_FRAMES = (
    "{Np} {be} no longer seen{contrast}.",
    "{Np} {be} no longer present{contrast}.",
    "{Np} {be} no longer evident{contrast}.",
    "{Np} {have} resolved{since}.",
    "{Np} {have} disappeared{since}.",
    "{Np} {have} ceased{since}.",
)
NOT_ASSESSED_FRAMES = (
    "{Np_and} could not be assessed.",
    "{Np_and} cannot be assessed.",
    "{Np_and} could not be evaluated.",
    "{Np_and} could not be judged.",
    "{Np_and} cannot be judged.",
    "{Np_and} {were} not assessable.",
    "{Np_and} could not be reliably assessed.",
    "It was not possible to assess {np_and}.",
)
NOT_ASSESSED_NAMES = {
    "posterior_dominant_rhythm": ("the posterior dominant rhythm", "the posterior rhythm"),
    "asymmetry": ("the symmetry of the background", "background symmetry"),
    "spikes": ("spikes and sharp waves", "sharp waves"),
    "low_voltage": ("a low-voltage background",),
    "extreme_low_voltage": ("a suppressed background",),
    "mu_rhythm": ("a mu rhythm",),
    "abnormal": ("abnormality",),
}
WHOLE_NOT_ASSESSED = (
    "The segment as a whole could not be assessed.",
    "An overall judgement of the segment is not possible.",
    "An overall judgement is not possible.",
    "Whether the segment is normal cannot be judged.",
)
SYMMETRY = (
    "The background is symmetric.",
    "The background activity is symmetric.",
    "Amplitudes are symmetric.",
    "Background amplitudes are symmetric between the hemispheres.",
    "Activity over the two hemispheres is symmetric.",
    "The two hemispheres are symmetric.",
    "The background shows no asymmetry.",
    "There is no background asymmetry.",
    "No asymmetry of the background is seen.",
)
ASYMMETRY = (
    "The background is asymmetric{with_lower}.",
    "There is a background asymmetry{with_lower}.",
    "A background asymmetry{with_lower} is seen.",
    "Background amplitudes are asymmetric{with_lower}.",
    "An amplitude asymmetry is noted{with_lower}.",
    "The {record} shows a background asymmetry{with_lower}.",
)
WITH_LOWER = (
    ", with lower amplitude on the {side}",
    " with lower amplitude over the {side} hemisphere",
    ", with reduced amplitude on the {side}",
    " with reduced voltage over the {side} hemisphere",
    ", with lower voltage on the {side}",
)
CONTINUITY = (
    "The background is continuous.",
    "The background activity is continuous.",
    "There is a continuous background.",
    "The {record} shows a continuous background.",
)
VOLTAGE = (
    "The voltage is normal.",
    "Background voltage is normal.",
    "The background is of normal voltage.",
    "The background is of normal amplitude.",
)
# Sentences of a finding that says something of the whole background; {amp} only where it is worded.
OF_THE_BACKGROUND: dict[str, tuple[str, ...]] = {
    "low_voltage": (
        "The background is of low voltage{amp}.",
        "Background voltage is low{amp}.",
        "There is a low-voltage background{amp}.",
        "The {record} shows a low-voltage background{amp}.",
        "A low-amplitude background is seen{amp}.",
    ),
    "extreme_low_voltage": (
        "The background is suppressed{amp}.",
        "There is a suppressed background{amp}.",
        "The {record} shows an extremely low-voltage background{amp}.",
        "The background is markedly suppressed{amp}.",
        "There is suppression of the background{amp}.",
    ),
    "burst_suppression": (
        "The background shows burst suppression.",
        "There is burst suppression.",
        "A burst-suppression pattern is seen.",
        "There is a burst-suppression pattern.",
        "The {record} shows a burst-suppression pattern.",
        "The background consists of bursts alternating with suppression.",
        "Bursts alternating with periods of suppression are seen.",
        "Burst suppression is present.",
    ),
    "discontinuity": (
        "The background is discontinuous.",
        "There is a discontinuous background.",
        "The background activity is discontinuous.",
        "The {record} shows a discontinuous background.",
        "A discontinuous background is seen.",
    ),
    "brief_attenuation": (
        "Brief attenuations of the background are seen.",
        "There are brief attenuations of the background.",
        "The {record} shows brief attenuations.",
        "Brief background attenuations are present.",
        "Brief episodes of attenuation are seen.",
        "Brief attenuations are noted.",
    ),
}
BACKGROUND_AMPLITUDE = (
    ", with amplitudes of {a}",
    ", with amplitudes of about {a}",
    " with an amplitude of {a}",
)

NORMAL = (
    "The segment is normal.",
    "This is a normal segment.",
    "This segment is normal.",
    "The segment is within normal limits.",
    "The findings are within normal limits.",
    "Overall, the segment is normal.",
    "In summary, this segment is normal.",
    "This portion of the recording is within normal limits.",
    "Altogether a normal segment.",
    "Taken together, the findings are within normal limits.",
    "The EEG is normal in this segment.",
    "The EEG of this segment is within normal limits.",
)
ABNORMAL = (
    "The segment is abnormal.",
    "This is an abnormal segment.",
    "This segment is abnormal.",
    "Overall, the segment is abnormal.",
    "In summary, this segment is abnormal.",
    "Altogether an abnormal segment.",
    "The EEG is abnormal in this segment.",
    "The findings are abnormal.",
    "Taken together, the findings are abnormal.",
    "The EEG of this segment is abnormal.",
)

HEDGES = ("possible", "suspected", "questionable", "probable")
PREVALENCES: dict[str, tuple[str, ...]] = {
    p: (p,) for p in ("rare", "occasional", "frequent", "abundant", "continuous")
}
PREVALENCES["rare"] = ("rare", "isolated")
PREVALENCES["occasional"] = ("occasional", "sporadic", "scattered")
PREVALENCES["continuous"] = ("continuous", "persistent")
FREQUENCY_FORMS = ("at {f}", "of {f}", "at about {f}", "with a frequency of {f}", "around {f}")
RATE_FORMS = (
    "at {f}",
    "at a rate of {f}",
    "of {f}",
    "at about {f}",
    "recurring at {f}",
    "with a frequency of {f}",
)
MAINS_FORMS = ("at {f}", "of {f}")
RHYTHM_FREQUENCY_FORMS = ("of {f}", "at {f}", "of about {f}", "with a frequency of {f}", "around {f}")
AMPLITUDE_FORMS = ("of {a}", "with an amplitude of {a}", "with amplitudes of {a}", "at {a}", "of about {a}")

# {than}: "in the preceding segment"; {with}: "compared with the preceding segment".
CHANGES: dict[str, tuple[str, ...]] = {
    "new": ("newly appearing{with}", "newly seen{with}", "new{with}"),
    "increased": (
        "more marked than {than}",
        "more prominent than {than}",
        "more pronounced than {than}",
        "increased{with}",
    ),
    "decreased": (
        "less marked than {than}",
        "less prominent than {than}",
        "less pronounced than {than}",
        "decreased{with}",
    ),
    "faster": ("faster than {than}",),
    "slower": ("slower than {than}",),
    "spread": ("more widespread than {than}", "more extensive than {than}"),
}
CHANGE_PREDICATES: dict[str, tuple[str, ...]] = {
    "new": ("{have} newly appeared{with}", "{be} newly seen{with}"),
    "increased": (
        "{be} more marked than {than}",
        "{have} increased{with}",
        "{be} more prominent than {than}",
    ),
    "decreased": ("{be} less marked than {than}", "{have} decreased{with}", "{have} diminished{with}"),
    "faster": ("{be} faster than {than}", "{have} accelerated{with}"),
    "slower": ("{be} slower than {than}", "{have} slowed{with}"),
    "spread": ("{be} more widespread than {than}", "{have} spread{with}"),
}
WITH_ANCHORS = ("compared with", "compared to", "relative to", "in comparison with")

CONTRAST_ANCHORS = (", in contrast to", ", unlike")
ADVERBS = {"occasional": "occasionally", "frequent": "frequently", "continuous": "continuously"}
HIGHER_SIDE = ("better developed", "more evident", "of higher amplitude")
RHYTHM_VERBS = ("is", "is at", "runs at", "has a frequency of", "is seen at")
PLACED_SLOWING = ("slowing", "slow activity", "polymorphic slowing", "irregular slowing")
ACNS_STYLE = "ACNS-style"
