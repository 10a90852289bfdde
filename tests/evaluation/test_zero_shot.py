"""From findings, claims, likelihoods and prototypes to classes, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from neuronarrator_hf.evaluation.label_prompts import LabelPrompt, make_label_prompts, read_label_prompts
from neuronarrator_hf.evaluation.tasks import TASKS
from neuronarrator_hf.evaluation.zero_shot import (
    class_prototypes,
    classes_from_claims,
    classes_from_findings,
    classes_from_likelihood,
    classes_from_prototypes,
    names_findings,
)
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.findings.vocabulary import FINDING_IDS

PROMPTS = (
    LabelPrompt("seizure", ("electrographic_seizure",), ("A seizure.",)),
    LabelPrompt("periodic", ("lpd", "gpd"), ("LPDs.", "GPDs.")),
    LabelPrompt("other", rest=True, sentences=("Nothing.",)),
)


def findings(**values):
    row = np.full(len(FINDING_IDS), np.nan)
    for name, p in values.items():
        row[FINDING_IDS.index(name)] = p
    return row


def test_findings_by_hand():
    p = classes_from_findings(
        PROMPTS,
        np.stack([findings(electrographic_seizure=0.75, lpd=0.5, gpd=0.2), findings(), findings(gpd=0.5)]),
    )
    assert p[0] == pytest.approx(np.array([3, 1, 1]) / 5)  # odds 3, 1 (the likelier of two), 1
    assert np.isnan(p[1]).all()  # nothing was assessed: no answer
    assert p[2] == pytest.approx([0, 0.5, 0.5])


def test_claims_by_hand():
    said = [
        [Claim("gpd")],
        [Claim("lpd", hedged=True), Claim("electrographic_seizure", "absent")],
        [Claim("lpd"), Claim("electrographic_seizure")],
        [Claim("normal")],
        [],
    ]
    p = classes_from_claims(PROMPTS, said, [True, True, True, True, False])
    assert p[:4].argmax(1).tolist() == [1, 1, 0, 2]
    assert p[0, 1] > p[1, 1]  # suspected weighs less than asserted
    assert np.isnan(p[4]).all()
    without_rest = classes_from_claims(PROMPTS[:2], [[Claim("normal")]], [True])
    assert np.isnan(without_rest).all()  # nothing said of either class


def test_likelihood_takes_the_best_sentence_above_eeg_at_large():
    scores = np.array([[-1.0, -2.0, -0.5, -1.0]])
    p = classes_from_likelihood(scores, np.array([-1.0, -3.0, -0.5, -1.0]), PROMPTS)
    gains = np.exp([0.0, 1.0, 0.0])
    assert p[0] == pytest.approx(gains / gains.sum())


def test_prototypes_by_hand():
    embeddings = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 5.0], [-1.0, 0.0]])
    truth = [[Claim("electrographic_seizure")], [Claim("gpd")], [Claim("lpd")], [Claim("normal")]]
    prototypes = class_prototypes(PROMPTS, embeddings, truth)
    assert prototypes == pytest.approx(np.array([[1, 0], [0, 1], [-1, 0]]))
    p = classes_from_prototypes(np.array([[0.9, 0.1], [0.1, 3.0], [-2.0, 0.2]]), prototypes)
    assert p.argmax(1).tolist() == [0, 1, 2] and p.sum(1) == pytest.approx(1)
    unseen = class_prototypes(PROMPTS, embeddings[1:], truth[1:])
    assert classes_from_prototypes(np.array([[1.0, 0.0]]), unseen).argmax(1).tolist() != [0]


def test_prompts_of_every_benchmark():
    for name, task in TASKS.items():
        prompts = read_label_prompts(name)
        assert all(p.sentences for p in prompts), name
        if task.positive is not None:
            assert task.positive in {p.label for p in prompts}
        for prompt in prompts if names_findings(prompts) else ():
            for sentence in prompt.sentences:
                said = {c.finding for c in parse(sentence)}
                assert said, f"{name}: {sentence!r} is not read"
                if prompt.findings:
                    assert said & set(prompt.findings), f"{name}: {sentence!r} says {said}"


def test_prompts_of_ones_own(tmp_path):
    with pytest.raises(ValueError, match="outside the vocabulary: sharpness"):
        make_label_prompts({"a": {"findings": ["sharpness"]}})
    with pytest.raises(ValueError, match="only one can be what remains"):
        make_label_prompts({"a": {"rest": True}, "b": {"rest": True}})
    with pytest.raises(ValueError, match="no label prompts for 'x'"):
        read_label_prompts("x")
    path = tmp_path / "prompts.yaml"
    for text, told in (("a: [", "no YAML"), ("- 1", "expected a mapping"), ("tuab: 1", "expected a mapping")):
        path.write_text(text)
        with pytest.raises(ValueError, match=told):
            read_label_prompts("tuab", path)
    path.write_text("tuab:\n  normal: {findings: [normal]}\n  abnormal: {rest: true}\n")
    assert [p.label for p in read_label_prompts("tuab", path)] == ["normal", "abnormal"]
