"""The FHIR bundle before the models of R4B, and every reference before the types it may have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neuronarrator_hf.findings.schema import Claim
from neuronarrator_hf.narration.result import Narration
from neuronarrator_hf.report.fhir import to_fhir, write_fhir


@pytest.fixture(scope="module")
def document(narration: Narration) -> dict[str, Any]:
    more = [
        Claim("spikes", "not_assessed"),
        Claim("gpd", hedged=True, frequency_hz=(1, 2), amplitude_uv=(50, 100), prevalence="frequent",
              start_s=0, end_s=60, confidence=0.6),
    ]  # fmt: skip
    return {**narration.document(), "claims": [*narration.head()["claims"], *(c.to_dict() for c in more)]}


@pytest.fixture(scope="module")
def bundle(document: dict[str, Any]) -> dict[str, Any]:
    return to_fhir(document)


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def references(model: Any) -> Iterator[tuple[str, Any, set[str]]]:
    """`(path, reference, types the specification allows)` of a parsed resource, however deep."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name, None)
        allowed = (field.json_schema_extra or {}).get("enum_reference_types")
        for item in value if isinstance(value, list) else [value]:
            if allowed and item is not None:
                yield f"{type(model).__name__}.{name}", item, set(allowed)
            elif hasattr(type(item), "model_fields"):
                yield from references(item)


def check_references(bundle: dict[str, Any]) -> int:
    parse = pytest.importorskip("fhir.resources.R4B").get_fhir_model_class
    kinds = {e["fullUrl"]: e["resource"]["resourceType"] for e in bundle["entry"]}
    n = 0
    for entry in bundle["entry"]:
        resource = entry["resource"]
        for path, reference, allowed in references(parse(resource["resourceType"]).model_validate(resource)):
            target = kinds.get(reference.reference) or reference.reference.partition("/")[0]
            assert reference.type == target, f"{path}: says {reference.type}, points to {target}"
            assert target in allowed, f"{path}: {target} is none of {allowed}"
            n += 1
    return n


def test_the_models_of_r4b_accept_it(bundle: dict[str, Any]) -> None:
    parse = pytest.importorskip("fhir.resources.R4B.bundle").Bundle
    read = parse.model_validate(json.loads(json.dumps(bundle)))
    assert len(read.entry) == len(bundle["entry"])


def test_references_point_to_resources_of_the_right_kind(bundle: dict[str, Any]) -> None:
    n_observations = len(resources(bundle, "Observation"))
    assert check_references(bundle) == 2 * n_observations  # its device, and its place in the report
    assert len({e["fullUrl"] for e in bundle["entry"]}) == len(bundle["entry"])


def test_a_wrong_reference_type_is_caught_though_the_library_accepts_it(bundle: dict[str, Any]) -> None:
    wrong = json.loads(json.dumps(bundle))
    report = next(e["fullUrl"] for e in wrong["entry"] if e["resource"]["resourceType"] == "DiagnosticReport")
    resources(wrong, "Observation")[0]["device"] = {"reference": report, "type": "DiagnosticReport"}
    pytest.importorskip("fhir.resources.R4B.bundle").Bundle.model_validate(wrong)
    with pytest.raises(AssertionError, match=r"Observation\.device"):
        check_references(wrong)


def test_everything_is_preliminary_and_the_software_performs_nothing(bundle: dict[str, Any]) -> None:
    for resource in resources(bundle, "Observation") + resources(bundle, "DiagnosticReport"):
        assert resource["status"] == "preliminary"
        assert "performer" not in resource and "resultsInterpreter" not in resource
        assert "subject" not in resource
    assert len(resources(bundle, "Device")) == 1


def test_a_subject_is_a_patient(document: dict[str, Any]) -> None:
    told = to_fhir(document, subject="Patient/7")
    assert all(o["subject"]["reference"] == "Patient/7" for o in resources(told, "Observation"))
    check_references(told)
    with pytest.raises(ValueError, match="Patient/123"):
        to_fhir(document, subject="Practitioner/7")


def test_not_assessed_has_no_value_and_a_candidate_is_not_present(bundle: dict[str, Any]) -> None:
    by_code = {o["code"]["coding"][0]["code"]: o for o in resources(bundle, "Observation")}
    spikes, gpd = by_code["spikes"], by_code["gpd"]
    assert "valueCodeableConcept" not in spikes
    assert spikes["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    assert gpd["valueCodeableConcept"] == {"text": "Possible (present)"}
    components = {c["code"]["coding"][0]["code"]: c for c in gpd["component"]}
    assert components["frequency"]["valueRange"]["high"] == {
        "value": 2.0, "unit": "Hz", "system": "http://unitsofmeasure.org", "code": "Hz",
    }  # fmt: skip
    assert components["amplitude"]["valueRange"]["low"]["code"] == "uV"
    assert components["duration"]["valueQuantity"]["value"] == 60


def test_the_same_narration_gives_the_same_file(document: dict[str, Any], tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_fhir(tmp_path / name, document)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
