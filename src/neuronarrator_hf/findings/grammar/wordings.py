"""The sentences in which the writer says it.

The first option of every tuple is the fixed wording of `variety=0`.
"""

from __future__ import annotations

RECORD = ("segment", "EEG", "tracing", "epoch")

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
    "The {record} reveals {np}.",
    "Also present {be} {np}.",
    "In addition, there {be} {np}.",
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
    "The background includes {np}.",
    "The {record} shows {np}.",
    "Background activity includes {np}.",
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
    "{Np} is recorded.",
    "The {record} captures {np}.",
    "The {record} was obtained in {np}.",
    "The features are those of {np}.",
)
HEDGED_STATE_FRAMES = (
    "The {record} shows {hedge} {np}.",
    "{Hedge} {np} is noted.",
    "{Np} is suspected.",
    "The {record} is suggestive of {np}.",
    "The features are suggestive of {np}.",
)
STATES_FRAMES = ("The {record} shows {np}.", "{Np} are recorded.")
STATE_OPENINGS = ("In {np}, ", "During {np}, ")
ARTIFACT_FRAMES = (
    "There {be} {np}.",
    "{Np} {be} seen.",
    "{Np} {be} present.",
    "{Np} {be} superimposed.",
    "The {record} is contaminated by {np}.",
    "The {record} contains {np}.",
    "In addition, there {be} {np}.",
)
# {np_a} has an article where the noun wants one: "no evidence of a mu rhythm".
ABSENT_FRAMES = (
    "No {np} {be} seen.",
    "There {be} no {np}.",
    "No {np} {be} noted.",
    "No {np} {be} recorded.",
    "No {np} {be} identified.",
    "No {np} {be} evident.",
    "The {record} shows no {np}.",
    "The {record} contains no {np}.",
    "The {record} is free of {np}.",
    "There is no evidence of {np_a}.",
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
OTHERWISE_SYMMETRIC = (
    "The background is otherwise symmetric.",
    "Otherwise the background is symmetric.",
    "The background shows no other asymmetry.",
)
"""Beside a rhythm that is better developed on one side, as it often is in health."""
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
    "Background activity is continuous.",
)
VOLTAGE = (
    "Background voltage is normal.",
    "The background is of normal voltage.",
    "Background amplitudes are normal.",
)
PROPERTY = {
    CONTINUITY: "continuous",
    SYMMETRY: "symmetric",
    VOLTAGE: "of normal voltage",
    OTHERWISE_SYMMETRIC: "otherwise symmetric",
}
"""How each reads in one sentence with the others: "The background is continuous and symmetric."."""
PROPERTIES = ("The background is {properties}.", "Background activity is {properties}.")
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

NORMAL = (
    "The segment is normal.",
    "This is a normal segment.",
    "This segment is normal.",
    "The segment is within normal limits.",
    "The findings are within normal limits.",
    "Overall, the segment is normal.",
    "In summary, this segment is normal.",
    "This portion of the recording is within normal limits.",
    "Altogether, this is a normal segment.",
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
    "Altogether, this is an abnormal segment.",
    "The EEG is abnormal in this segment.",
    "The findings are abnormal.",
    "Taken together, the findings are abnormal.",
    "The EEG of this segment is abnormal.",
)

HEDGES = ("possible", "suspected", "questionable", "probable")
PREVALENCES: dict[str, tuple[str, ...]] = {
    p: (p,) for p in ("rare", "occasional", "frequent", "abundant", "continuous")
}
PREVALENCES["continuous"] = ("continuous", "persistent")
DISCHARGE_PREVALENCES: dict[str, tuple[str, ...]] = {
    **PREVALENCES,
    "rare": ("rare", "isolated"),
    "occasional": ("occasional", "sporadic", "scattered"),
    "continuous": ("continuous", "nearly continuous"),
}
"""Of discharges that come one by one; slowing and periodic patterns are never isolated or scattered."""
FREQUENCY_FORMS = ("at {f}", "of {f}", "at about {f}", "with a frequency of {f}", "around {f}")
RATE_FORMS = ("at {f}", "at a rate of {f}", "at about {f}", "recurring at {f}", "with a frequency of {f}")
SEIZURE_FORMS = ("at {f}", "at about {f}", "with a frequency of {f}")
MAINS_FORMS = ("at {f}", "of {f}")
RHYTHM_FREQUENCY_FORMS = ("of {f}", "at {f}", "of about {f}", "with a frequency of {f}", "around {f}")
TRAILING_FREQUENCY_FORMS = ("of {f}", "of about {f}")
APPROXIMATE = ("about", "around")
"""Words left out before a range, which says by itself that it is approximate."""
# Of an amplitude: one value, or a range.
AMPLITUDE_FORMS = ("of {a}", "with an amplitude of {a}", "of about {a}")
AMPLITUDE_RANGE_FORMS = ("of {a}", "with amplitudes of {a}")
BACKGROUND_AMPLITUDE = (", with an amplitude of {a}", ", with an amplitude of about {a}", ", at about {a}")
BACKGROUND_AMPLITUDE_RANGE = (", with amplitudes of {a}", " with amplitudes of {a}")
RHYTHM_AMPLITUDE = ("with an amplitude of {a}", "with an amplitude of about {a}")

# {than}: "in the preceding segment"; {with}: "compared with the preceding segment"; {since}: "since the
# preceding segment". The first of each does without an interval, except of "new".
CHANGES: dict[str, tuple[str, ...]] = {
    "new": ("new{since}", "newly seen{since}", "new{with}"),
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
NEW_WITHOUT_INTERVAL = "newly seen"
CHANGE_PREDICATES: dict[str, tuple[str, ...]] = {
    "new": ("{have} appeared{since}", "{be} new{with}"),
    "increased": (
        "{be} more marked than {than}",
        "{have} increased{since}",
        "{be} more prominent than {than}",
    ),
    "decreased": ("{be} less marked than {than}", "{have} decreased{since}", "{have} diminished{since}"),
    "faster": ("{be} faster than {than}", "{have} accelerated{since}"),
    "slower": ("{be} slower than {than}", "{have} slowed{since}"),
    "spread": ("{be} more widespread than {than}", "{have} spread{since}"),
}
NEWLY_APPEARED = "{have} newly appeared"
OF_AMOUNT = ("increased", "decreased", "diminished")
"""Words for more and less that nobody uses of a rhythm without saying what of it."""
WITH_ANCHORS = ("compared with", "compared to")

CONTRAST_ANCHORS = (", in contrast to", ", unlike")
ADVERBS = {"occasional": "occasionally", "frequent": "frequently", "continuous": "continuously"}
HIGHER_SIDE = ("better developed", "more evident", "of higher amplitude")
RHYTHM_VERBS = ("is", "is at", "runs at", "has a frequency of", "is seen at")
PLACED_SLOWING = ("slowing", "slow activity", "polymorphic slowing", "irregular slowing")
ACNS_STYLE = "ACNS-style"
