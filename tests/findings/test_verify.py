"""Verdicts and repairs, against measurements made by hand."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.quantise import quantise
from neuronarrator_hf.findings.schema import Change, Claim
from neuronarrator_hf.findings.select import select_for_text
from neuronarrator_hf.findings.tokens import find_events, tokenise
from neuronarrator_hf.findings.verify import repair, verify
from neuronarrator_hf.findings.vocabulary import ABNORMAL_IDS, FINDING_IDS, define
from neuronarrator_hf.findings.write import write_segment

PDR = Claim("posterior_dominant_rhythm", frequency_hz=(9.3, 9.3), amplitude_uv=(42, 42), confidence=0.95)
LPD = Claim("lpd", side="left", regions=("temporal",), frequency_hz=(1.1, 1.1), confidence=0.9)


def measurement(*measured, start_s=0.0, alternatives=None):
    """Everything absent for sure but what is given; the judgement follows."""
    claims = {finding: Claim(finding, "absent", confidence=0.05) for finding in FINDING_IDS}
    claims |= {claim.finding: claim for claim in measured}
    worst = max(claims[f].confidence or 0.0 for f in ABNORMAL_IDS)
    if not {"normal", "abnormal"} & {c.finding for c in measured}:
        for finding, score in (("abnormal", worst), ("normal", 1 - worst)):
            claims[finding] = Claim(finding, "present" if score >= 0.5 else "absent", confidence=score)
    return SimpleNamespace(
        start_s=start_s, end_s=start_s + 10, claims=claims, alternatives=alternatives or {}
    )


def status(claim, *measured, previous=None, **kwargs):
    return verify([claim], measurement(*measured, **kwargs), previous=previous)[0].status


@pytest.mark.parametrize(
    ("claim", "score", "expected"),
    (
        (Claim("spikes"), 0.1, "contradicted"),
        (Claim("spikes"), 0.4, "unassessable"),
        (Claim("spikes", hedged=True), 0.4, "supported"),
        (Claim("spikes"), 0.6, "supported"),
        (Claim("spikes"), 0.9, "supported"),
        (Claim("spikes", "absent"), 0.1, "supported"),
        (Claim("spikes", "absent"), 0.4, "supported"),
        (Claim("spikes", "absent"), 0.6, "unassessable"),
        (Claim("spikes", "absent"), 0.9, "contradicted"),
        (Claim("spikes", "not_assessed"), 0.5, "unassessable"),
        (Claim("spikes", "not_assessed"), 0.9, "contradicted"),
    ),
)
def test_polarity(claim, score, expected):
    assert (
        status(claim, Claim("spikes", "present" if score >= 0.5 else "absent", confidence=score)) == expected
    )


def test_what_was_not_measured():
    missing = Claim("spikes", "not_assessed", evidence={"reason": "too few electrodes"})
    checked = verify(
        [Claim("spikes"), Claim("spikes", "absent"), Claim("spikes", "not_assessed")], measurement(missing)
    )
    assert [c.status for c in checked] == ["unassessable", "unassessable", "supported"]
    assert checked[0].evidence["reason"] == "too few electrodes"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    (
        ({"frequency_hz": (9, 9)}, "supported"),
        ({"frequency_hz": (9.5, 10)}, "supported"),
        ({"frequency_hz": (10, 10)}, "contradicted"),
        ({"frequency_hz": (5, 12)}, "contradicted"),
        ({"amplitude_uv": (50, 50)}, "supported"),
        ({"amplitude_uv": (60, 60)}, "supported"),  # the same class
        ({"amplitude_uv": (120, 120)}, "contradicted"),
        ({"side": "left"}, "unassessable"),
    ),
)
def test_attributes_of_the_posterior_rhythm(attributes, expected):
    assert status(Claim("posterior_dominant_rhythm", **attributes), PDR) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    (
        ({"side": "left"}, "supported"),
        ({"side": "bilateral"}, "supported"),
        ({"side": "right"}, "contradicted"),
        ({"regions": ("frontal", "temporal")}, "supported"),
        ({"regions": ("occipital",)}, "contradicted"),
        ({"frequency_hz": (1.5, 1.5)}, "supported"),
        ({"frequency_hz": (2, 2)}, "contradicted"),
        ({"prevalence": "abundant"}, "supported"),
        ({"change": Change("new", 10)}, "unassessable"),
    ),
)
def test_attributes_of_a_pattern(attributes, expected):
    assert status(Claim("lpd", **attributes), LPD) == expected


@pytest.mark.parametrize(
    ("side", "regions", "expected"),
    [
        ("midline", ("parietal",), "supported"),
        ("bilateral", ("temporal", "parietal"), "contradicted"),
        ("midline", ("central", "parietal"), "contradicted"),
        (None, (), "supported"),
    ],
)
def test_a_flat_channel_is_where_it_is(side, regions, expected):
    """A field over the head has no sharp edge; an electrode is at its place and at no other."""
    measured = Claim("flat_channel", side="midline", regions=("parietal",), confidence=0.95)
    assert status(Claim("flat_channel", side=side, regions=regions), measured) == expected


def test_any_measured_place_supports():
    places = {"lpd": (LPD.with_(side="right", regions=("frontal",)),)}
    assert status(Claim("lpd", side="right", regions=("frontal",)), LPD, alternatives=places) == "supported"
    assert (
        status(Claim("lpd", side="right", regions=("occipital",)), LPD, alternatives=places) == "contradicted"
    )


def test_a_candidate_is_not_a_seizure():
    measured = Claim("electrographic_seizure", hedged=True, confidence=0.9)
    assert status(Claim("electrographic_seizure"), measured) == "contradicted"
    assert status(Claim("electrographic_seizure", hedged=True), measured) == "supported"


@pytest.mark.parametrize(
    ("change", "before", "expected"),
    (
        (Change("new", 10), Claim("lpd", "absent", confidence=0.1), "supported"),
        (Change("new", 10), LPD, "contradicted"),
        (Change("new", 60), LPD, "unassessable"),
        (Change("faster", 10), LPD.with_(frequency_hz=(0.5, 0.5)), "supported"),
        (Change("slower"), LPD.with_(frequency_hz=(0.5, 0.5)), "contradicted"),
        (Change("spread"), LPD.with_(regions=()), "supported"),
        (Change("increased"), LPD, "unassessable"),
        (Change("new", 10), Claim("lpd", "not_assessed"), "unassessable"),
    ),
)
def test_changes_against_the_window_before(change, before, expected):
    now = LPD.with_(regions=("temporal", "parietal"), side="left")
    assert status(Claim("lpd", change=change), now, start_s=10.0, previous=measurement(before)) == expected


def test_gone():
    gone = Claim("lpd", "absent", change=Change("gone", 10))
    assert status(gone, start_s=10.0, previous=measurement(LPD)) == "supported"
    assert status(gone, start_s=10.0, previous=measurement()) == "contradicted"
    assert status(gone, start_s=10.0) == "unassessable"


# --- repair ------------------------------------------------------------------------------------------


def test_a_true_paragraph_keeps_every_word():
    text = "In eyes-closed wakefulness, one sees a 9.5 Hz PDR. The EEG looks unremarkable."
    truth = measurement(PDR, Claim("eyes_closed", confidence=0.9))
    assert repair("The PDR runs at 9.5 Hz. This is a normal EEG.", None, truth).text == (
        "The PDR runs at 9.5 Hz. This is a normal EEG."
    )
    assert repair(text, None, truth).dropped == 0


def test_only_the_number_is_exchanged():
    mended = repair("The alpha rhythm, nicely modulated, is at 9 Hz. Normal EEG.", None, measurement(PDR))
    assert mended.text == "The alpha rhythm, nicely modulated, is at 9.5 Hz. Normal EEG."
    assert (mended.rewritten, mended.dropped, mended.added) == (1, 0, 0)


def test_contradicted_sentences_go_and_missing_findings_come():
    text = (
        "There are right frontal spikes. No rhythmic or periodic patterns are seen. Eye blinks are seen. "
        "This is a normal EEG."
    )
    blinks = Claim("eye_blinks", confidence=0.9)
    mended = repair(text, None, measurement(LPD, blinks))
    assert "left temporal lateralized periodic discharges at 1 Hz" in mended.text
    assert "spikes" not in mended.text and "normal EEG" not in mended.text
    assert "Eye blinks are seen." in mended.text and mended.text.endswith("The segment is abnormal.")
    assert mended.dropped >= 1
    assert all(claim.status != "contradicted" for claim in mended.claims)


def test_what_is_left_out_is_added_and_counted():
    mended = repair("Eye blinks are seen.", None, measurement(PDR, LPD, Claim("eye_blinks", confidence=0.9)))
    assert mended.added == 3  # rhythm, discharges, judgement
    assert {"posterior_dominant_rhythm", "lpd", "abnormal"} <= {claim.finding for claim in mended.claims}


def test_a_number_nobody_measured_does_not_stay():
    truth = measurement(Claim("gpd", confidence=0.9))
    for text in ("There are GPDs at 2 Hz.", "There are spikes at 3 Hz.", "The amplitude is 50 µV."):
        assert "Hz" not in repair(text, None, truth).text and "µV" not in repair(text, None, truth).text


def test_decisions_rule_where_the_measurement_is_uncertain():
    truth = measurement(Claim("spikes", confidence=0.55, side="left", regions=("temporal",)))
    text = "Left temporal spikes are seen. The segment is abnormal."
    assert repair(text, None, truth, decisions={"spikes": 0.8}).text == text
    mended = repair(text, None, truth, decisions={"spikes": 0.2})
    assert "spikes" not in mended.text and "is abnormal" not in mended.text
    sure = measurement(Claim("spikes", confidence=0.95))
    assert "spikes" in repair("", None, sure, decisions={"spikes": 0.0}).text


SEIZURE = "electrographic_seizure"


@pytest.mark.parametrize(
    ("score", "likely", "text", "is_told"),
    (
        (0.12, 0.85, "", True),
        (0.45, 0.85, "", True),
        (0.25, 0.85, "There is no electrographic seizure.", True),
        (0.25, 0.85, "An electrographic seizure on the left at 3 Hz is seen.", True),
        (0.45, 0.85, "An electrographic seizure on the left at 3 Hz is seen.", True),
        (0.25, 0.75, "", False),
        (0.08, 0.95, "", False),
        (0.08, 0.95, "An electrographic seizure is seen.", False),
    ),
)
def test_a_likely_seizure_that_the_measurement_leaves_open_is_told_as_possible(score, likely, text, is_told):
    measured = measurement(Claim(SEIZURE, "absent", confidence=score), PDR)
    text = f"{text} The recording is normal.".strip()
    repaired = repair(text, None, measured, decisions={SEIZURE: likely})
    told = [c for c in repaired.claims if c.finding == SEIZURE and c.is_present]
    assert [c.content() for c in told] == ([Claim(SEIZURE, hedged=True).content()] if is_told else [])
    assert [c.status for c in told] == ["unassessable"] * is_told
    assert all(
        c.evidence["score"] == score and c.evidence["proposed_with_probability"] == likely for c in told
    )
    assert ("normal" in {c.finding for c in repaired.claims if c.is_present}) is not is_told
    assert not any(c.status == "contradicted" for c in repaired.claims)


def test_other_findings_are_never_proposed():
    measured = measurement(Claim("spikes", "absent", confidence=0.45), PDR)
    repaired = repair("The recording is normal.", None, measured, decisions={"spikes": 0.99})
    assert "spikes" not in {c.finding for c in repaired.claims}


@pytest.mark.parametrize(("score", "expected"), ((0.08, "contradicted"), (0.12, "unassessable")))
def test_a_possible_seizure_is_contradicted_where_it_is_clearly_absent(score, expected):
    assert status(Claim(SEIZURE, hedged=True), Claim(SEIZURE, "absent", confidence=score)) == expected
    assert status(Claim(SEIZURE), Claim(SEIZURE, "absent", confidence=score)) == "contradicted"


def test_what_is_added_stands_where_a_paragraph_tells_of_it():
    """Background before discharges, both before what was not seen and before the judgement."""
    spoken = [Claim("eyes_closed"), Claim("muscle_artifact"), Claim("spikes", "absent"), Claim("abnormal")]
    text = write_segment(spoken, seed=0, variety=0.0)
    measured = measurement(PDR, LPD, *(c.with_(confidence=0.9) for c in spoken[:2]))
    told = [c.finding for c in repair(text, None, measured).claims]
    assert told[:3] == ["eyes_closed", "posterior_dominant_rhythm", "lpd"] and told[-1] == "abnormal"
    assert told.index("muscle_artifact") > 2 and told.index("spikes") > 2


def test_a_text_cut_off_does_not_run_into_what_is_added():
    mended = repair("There are GPDs", None, measurement(Claim("gpd", confidence=0.9)))
    assert mended.text == "There are GPDs. The segment is abnormal."
    assert (mended.rewritten, mended.dropped, mended.added) == (0, 0, 1)


def test_one_polarity_per_finding():
    truth = measurement(Claim("spikes", "absent", confidence=0.4))
    mended = repair("There are spikes. No spikes are seen.", None, truth)
    assert len({claim.polarity for claim in mended.claims if claim.finding == "spikes"}) == 1


@st.composite
def measured(draw):
    rng = random.Random(draw(st.integers(0, 2**32)))
    claims = []
    for finding in FINDING_IDS:
        if finding in ("normal", "abnormal"):
            continue
        score = rng.choice([rng.uniform(0, 0.3)] * 5 + [rng.uniform(0.35, 0.65), rng.uniform(0.7, 1)])
        if rng.random() < 0.05:
            claims.append(Claim(finding, "not_assessed"))
        elif score < 0.5:
            claims.append(Claim(finding, "absent", confidence=score))
        else:
            claims.append(any_claim(finding, rng).with_(confidence=score))
    return measurement(*claims), rng


def any_claim(finding, rng):
    low, high = define(finding).frequency_range_hz or (1, 30)
    hz = sorted((rng.uniform(low, high), rng.uniform(low, high)))
    uv = rng.uniform(3, 200)
    return Claim(
        finding,
        hedged=rng.random() < 0.2,
        side=rng.choice((None, "left", "right", "bilateral")),
        regions=tuple(rng.sample(("frontal", "central", "temporal", "occipital"), rng.randint(0, 2))),
        frequency_hz=None if rng.random() < 0.4 else (hz[0], rng.choice(hz)),
        amplitude_uv=None if rng.random() < 0.4 else (uv, uv),
    )


@settings(max_examples=150, deadline=None)
@given(measured(), st.booleans(), st.sampled_from((0.0, 1.0)))
def test_repaired_prose_says_what_was_measured(truth, with_decisions, variety):
    truth, rng = truth
    told = {f: claim if rng.random() < 0.6 else any_claim(f, rng) for f, claim in truth.claims.items()}
    text = write_segment(select_for_text(told), seed=rng.randrange(1000), variety=variety)
    decisions = {f: rng.random() for f in FINDING_IDS} if with_decisions else None
    mended = repair(text, parse(text), truth, decisions=decisions)
    assert [c.content() for c in mended.claims] == [c.content() for c in parse(mended.text)]
    assert all(claim.status != "contradicted" for claim in mended.claims), mended.text
    present = {claim.finding for claim in mended.claims if claim.is_present}
    assert not ("normal" in present and present & (ABNORMAL_IDS | {"abnormal"})), mended.text
    sure = {f for f in ABNORMAL_IDS if truth.claims[f].is_present and truth.claims[f].confidence > 0.65}
    assert sure <= present, mended.text
    rounded = [quantise(claim) for claim in truth.claims.values() if claim.is_present]
    numbers = {("freq", c.frequency_hz) for c in rounded} | {("amp", c.amplitude_uv) for c in rounded}
    told = [(e.kind, e.value) for e in find_events(tokenise(mended.text)) if e.kind in ("freq", "amp")]
    assert set(told) <= numbers, mended.text
    again = repair(mended.text, mended.claims, truth, decisions=decisions)
    assert again.text == mended.text
