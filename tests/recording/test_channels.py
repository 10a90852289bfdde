"""Names, references and chains: what every channel becomes."""

from __future__ import annotations

import numpy as np
import pytest
from edf_files import NAMES_1020
from hypothesis import given
from hypothesis import strategies as st

from neuronarrator_hf.recording.channels import plan_channels
from neuronarrator_hf.recording.derivations import electrode_pair, invert
from neuronarrator_hf.signal.montage import LONGITUDINAL_BIPOLAR, electrode_positions

OLD = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
TCP = (
    *(pair for pair in LONGITUDINAL_BIPOLAR if "Fz" not in pair and "Pz" not in pair),
    ("A1", "T7"), ("T7", "C3"), ("C3", "Cz"), ("Cz", "C4"), ("C4", "T8"), ("T8", "A2"),
)  # fmt: skip
TRANSVERSE = (
    ("F7", "Fp1"), ("Fp1", "Fp2"), ("Fp2", "F8"), ("F7", "F3"), ("F3", "Fz"), ("Fz", "F4"), ("F4", "F8"),
    ("A1", "T7"), ("T7", "C3"), ("C3", "Cz"), ("Cz", "C4"), ("C4", "T8"), ("T8", "A2"),
    ("P7", "P3"), ("P3", "Pz"), ("Pz", "P4"), ("P4", "P8"), ("P7", "O1"), ("O1", "O2"), ("O2", "P8"),
)  # fmt: skip

SPELLINGS = (
    "{}", "EEG {}", "EEG {}-REF", "EEG {}-LE", "{}-REF", "{}-Ref", "{}-AVG", "{}-LE", "{}..", "{}.", "POL {}",
    "EEG_{}",    "EEG {}-AR", " {} ", "{}-A1A2", "{}-M1", "{}-A2", "EEG {}-Cz",
)  # fmt: skip


@given(
    st.sampled_from(SPELLINGS),
    st.sampled_from([str, str.upper, str.lower]),
    st.booleans(),
    st.permutations(NAMES_1020),
)
def test_names_round_trip(spelling, case, old, order) -> None:
    names = [n for n in order if not (spelling.endswith("-Cz") and n == "Cz")]
    labels = [spelling.format(case(OLD.get(n, n) if old else n)) for n in names]
    plan = plan_channels(labels)
    assert plan.kind == "referential"
    assert plan.ch_names == tuple(n for n in NAMES_1020 if n in names)
    assert [names[row] for row in plan.rows] == list(plan.ch_names)
    assert np.array_equal(plan.positions, electrode_positions(plan.ch_names))
    assert len(plan.entries) == len(labels)


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("ECG", "ecg"), ("EKG1", "ecg"), ("EEG EKG1-REF", "ecg"), ("ECG ECG", "ecg"), ("ECG LA-RA", "ecg"),
        ("EOG", "eog"), ("LOC-A2", "eog"), ("E1-M2", "eog"), ("HEOG", "eog"), ("EEG ROC-REF", "eog"),
        ("E2", "eog"),
        ("EMG chin", "emg"), ("CHIN1", "emg"), ("LEG/L", "emg"), ("Resp nasal", "respiration"),
        ("SpO2", "pulse"),
        ("STI 014", "trigger"), ("Status", "trigger"), ("TRIG", "trigger"), ("PHOTIC-REF", "trigger"),
        ("DC1", "device"), ("IBI", "device"), ("BURSTS", "device"), ("SUPPR", "device"),
        ("A1", "reference"), ("M2", "reference"), ("EEG A2-A1", "reference"), ("EEG A1-REF", "reference"),
        ("Jane Doe", "dropped"), ("EEG 30-REF", "dropped"),
    ],
)  # fmt: skip
def test_what_is_no_eeg_is_kept_apart(label: str, role: str) -> None:
    plan = plan_channels([*NAMES_1020, label])
    assert plan.ch_names == NAMES_1020
    assert plan.entries[-1].role == role
    assert "Jane" not in repr(plan)


def test_common_reference_is_told_from_a_chain() -> None:
    to_cz = plan_channels([f"{n}-Cz" for n in NAMES_1020 if n != "Cz"])
    assert (to_cz.kind, to_cz.reference, len(to_cz.ch_names)) == ("referential", "Cz", 18)
    ears = plan_channels(["C3-A2", "C4-A1", "O1-A2", "O2-A1"])
    assert (ears.kind, ears.reference) == ("referential", "A1+A2")
    chain = plan_channels(["Fz-Cz", "Cz-Pz"])
    assert (chain.kind, chain.ch_names) == ("bipolar", ("Fz", "Cz", "Pz"))
    sleep = plan_channels(["EEG Fpz-Cz", "EEG Pz-Oz", "EOG horizontal"])
    assert (sleep.kind, len(sleep.groups)) == ("bipolar_groups", 2)


def test_duplicates_and_mixtures() -> None:
    plan = plan_channels(["Fp1", "EEG Fp1-REF", "T3", "T7", "F3-C3", "O1"])
    assert plan.ch_names == ("Fp1", "T7", "O1")
    assert plan.rows == (0, 2, 5)
    reasons = {entry.number: entry.reason for entry in plan.entries if entry.role == "dropped"}
    assert reasons == {
        2: "a second channel of Fp1", 4: "a second channel of T7",
        5: "a derivation (F3-C3) among single electrodes",
    }  # fmt: skip


def test_labels_placed_by_the_file() -> None:
    rng = np.random.default_rng(0)
    sphere = rng.standard_normal((20, 3))
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    labels = [f"EEG {i:03d}" for i in range(1, 21)]
    plan = plan_channels(labels, positions=dict(zip(labels, 0.095 * sphere + [0, 0.01, 0.04], strict=True)))
    assert plan.ch_names == tuple(labels)
    assert np.abs(plan.positions - sphere).max() < 1e-6
    assert plan_channels(labels).ch_names == ()
    named = plan_channels(["Jane Doe", "Cz"], positions={"Jane Doe": np.array([0.1, 0.0, 0.0])})
    assert named.ch_names == ("Cz", "channel 1")
    assert named.positions[1].tolist() == [1.0, 0.0, 0.0]
    assert "Jane" not in repr(named)


def test_device_labels() -> None:
    cap = plan_channels([f"{bank}{i}" for bank in "AB" for i in range(1, 33)])
    assert len(cap.ch_names) == 64
    assert plan_channels([f"A{i}" for i in range(1, 33)]).ch_names[0] == "Fp1"
    assert plan_channels([f"{bank}{i}" for bank in "ABCDEFGH" for i in range(1, 17)]).ch_names == ()
    assert plan_channels(["A1", "A2", "C1", "C2", "C3", "C4", "F1", "F2"]).ch_names == (
        "C3",
        "C4",
        "C1",
        "C2",
        "F1",
        "F2",
    )


@given(st.permutations(range(19)))
def test_order_of_channels_changes_nothing(order) -> None:
    first, second = plan_channels(NAMES_1020), plan_channels([NAMES_1020[i] for i in order])
    assert first.ch_names == second.ch_names
    assert [order[row] for row in second.rows] == list(first.rows)


@pytest.mark.parametrize(
    "label", ["F3-C3", "EEG F3-C3", "F3 - C3", "f3-c3", "FP1-F7", "EEG T3-C3", "F3–C3", "F3-C3-0"]
)
def test_pairs_are_recognised(label: str) -> None:
    assert electrode_pair(label) is not None


@pytest.mark.parametrize("label", ["F3", "F3-REF", "EEG F3-LE", "Fp1-AVG", "F3-F3", "x-y", "A-B-C", ""])
def test_single_electrodes_are_no_pairs(label: str) -> None:
    assert electrode_pair(label) is None


def differences(pairs, potentials: dict[str, np.ndarray]) -> np.ndarray:
    return np.stack([potentials[a] - potentials[c] for a, c in pairs])


@given(st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_connected_chains_are_inverted_exactly(seed, random) -> None:
    pairs = TCP
    names = sorted({name for pair in pairs for name in pair})
    potentials = dict(zip(names, np.random.default_rng(seed).standard_normal((len(names), 50)), strict=True))
    shuffled = random.sample(list(pairs), len(pairs))
    plan = plan_channels([f"EEG {a}-{c}" for a, c in shuffled])
    assert plan.kind == "bipolar"
    found = plan.apply(differences(shuffled, potentials)[list(plan.rows)])
    truth = np.stack([potentials[name] for name in plan.ch_names])
    assert np.abs(found - (truth - truth.mean(axis=0))).max() < 1e-9
    assert not {"A1", "A2"} & set(plan.ch_names)


@pytest.mark.parametrize("pairs", [LONGITUDINAL_BIPOLAR, TRANSVERSE])
def test_chains_in_groups_keep_their_derivations(pairs) -> None:
    potentials = dict(
        zip((*NAMES_1020, "A1", "A2"), np.random.default_rng(1).standard_normal((21, 50)), strict=True)
    )
    given_pairs = differences(pairs, potentials)
    plan = plan_channels([f"{a}-{c}" for a, c in pairs])
    assert (plan.kind, len(plan.groups)) == ("bipolar_groups", 3)
    assert any("approximate" in note for note in plan.notes)
    found = dict(zip(plan.ch_names, plan.apply(given_pairs[list(plan.rows)]), strict=True))
    inside = [i for i, pair in enumerate(pairs) if not {"A1", "A2"} & set(pair)]
    assert np.abs(differences([pairs[i] for i in inside], found) - given_pairs[inside]).max() < 1e-9


def test_levels_between_groups_are_smooth() -> None:
    """A field that falls off over the head is found again better than with groups left at zero."""
    positions = electrode_positions(NAMES_1020).astype(float)
    source = np.array([-0.6, 0.3, 0.74])
    field = dict(zip(NAMES_1020, np.exp(-4 * ((positions - source) ** 2).sum(axis=1))[:, None], strict=True))
    inversion = invert(LONGITUDINAL_BIPOLAR)
    truth = np.stack([field[name] for name in inversion.electrodes])
    truth -= truth.mean()
    smooth = inversion.matrix @ differences(LONGITUDINAL_BIPOLAR, field)
    at = [[inversion.electrodes.index(name) for name in group] for group in inversion.groups]
    separate = smooth.copy()
    for group in at:
        separate[group] -= separate[group].mean()
    assert np.linalg.norm(smooth - truth) < np.linalg.norm(separate - truth)


def test_a_dead_derivation_is_left_out_and_the_rest_stands() -> None:
    pairs = TCP
    labels = [f"{a}-{c}" for a, c in pairs]
    plan = plan_channels(labels, unusable={0: "no signal"})
    assert len(plan.rows) == len(pairs) - 1
    assert plan.entries[0].reason == "no signal"
