"""Words that deny a finding, tell that it is gone or could not be judged, and what ends their reach.

Phrases are written in the pattern language of `lexicon`.
"""

from __future__ import annotations

# "aside" denies within an aside that a comma ends: "in the absence of spindles, theta is seen".
NEGATIONS = {
    "no": "list",
    "no evidence [of/for]": "list",
    "without": "list",
    "neither": "list",
    "nor": "list",
    "in the absence of": "aside",
    "[absence/absent/free/devoid/lack] of": "list",
    "free from": "list",
    "lacks": "list",
    "negative for": "list",
    "never": "list",
    "nothing to suggest": "list",
    "not [see/find/identify/detect/observe] {any}": "list",
    "not [show/contain/demonstrate/reveal/include/have] {any}": "list",
    "not [reach/achieve/attain/enter] {any}": "list",
    "not [provoke/elicit/induce/evoke/trigger/activate/produce/cause] {any}": "list",
    "not [a/an/one/any] {single}": "list",
    "[fail/fails/failed] to [show/reveal/demonstrate/disclose]": "list",
    "rather than": "list",
}
POST_NEGATIONS = (
    "not {clearly/definitely/readily/otherwise} [seen/present/noted/recorded/observed]",
    "not {clearly/definitely/readily/otherwise} [evident/visible/apparent]",
    "not {clearly/definitely/readily/otherwise} [identified/found/detected/captured/recognized/appreciated]",
    "not [been/be] [seen/noted/recorded/observed/identified/found]",
    "not [been/be] [detected/captured/recognized/appreciated]",
    "not [achieved/reached/obtained/occur/appear]",
    "[absent/none/nil/lacking]",
    ": 0",
)
BARE_NEGATIONS = frozenset({"not", "no"})
"""Negate what stands before them only at the end of its clause ("spindles were not."); "not" a place too."""
ELSEWHERE = ("elsewhere", "[over/in/at] the [other/remaining] [regions/areas/leads/electrodes]")
LIKEWISE = ("as [is/are/was/were]",)
"""What follows is told as what stands before: "spikes were absent, as were seizures"."""
NOT_NEGATIONS = (
    "not only",
    "no doubt",
    "not clearly epileptiform",
    "no normal",
    "no lateralizing signs",
    "no {significant/further} [change/increase/decrease] {in/of}",
    "not performed",
)
GONE = (
    "no longer",
    "[has/have/had] [resolved/disappeared/ceased/stopped/cleared]",
    "{is/are/was/were} gone",
    "[have/has] now [resolved/disappeared/ceased/stopped]",
    "resolved",
    "disappeared",
)
NOT_ASSESSED = (
    "[could not/can not/cannot] be [assessed/evaluated/judged/determined] {reliably}",
    "[could not/can not/cannot] be [interpreted/examined/measured] {reliably}",
    "not {be} {reliably} [assessed/assessable/evaluable/evaluated/judged/interpretable/examined]",
    "[escape/escapes] assessment",
    "could not be reliably [assessed/evaluated/judged]",
    "[is/are/was/were] not [assessable/evaluable]",
    "not possible {to [assess/evaluate/judge]}",
    "beyond assessment",
    "unassessable",
    "[unable/impossible] to [assess/evaluate/judge]",
    "no assessment of",
    "[is/are/remain/remains] beyond assessment",
    "no judgement of",
)

# "except" takes what follows out of what was denied before.
HARD_BREAKS = {
    "but": "contrast",
    "however": "contrast",
    "although": "contrast",
    "though": "contrast",
    "while": "contrast",
    "whereas": "contrast",
    "yet": "contrast",
    "except {for}": "except",
    "[with/of] the exception of": "except",
    "[apart/aside] from": "except",
    "other than": "except",
    "save for": "except",
}
