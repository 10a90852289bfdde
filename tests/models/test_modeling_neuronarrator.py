"""The narrator: saving, loading, batching, generation, history and losses with tiny random parts."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_parts import make_inputs, make_model, make_targets, prompts, tiny_config
from transformers import TextStreamer

from neuronarrator_hf.findings.vocabulary import FINDING_IDS
from neuronarrator_hf.models.initial_weights import Closed
from neuronarrator_hf.models.modeling_neuronarrator import (
    NeuroNarratorForConditionalGeneration,
    NeuroNarratorForEEGClassification,
    NeuroNarratorModel,
)

FAMILIES = ("llama", "qwen3", "gpt2")


@pytest.fixture(scope="module")
def narrator():
    return make_model(tiny_config())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("history", ["ssm", "prompt", "none"])
def test_round_trip_gives_the_same_logits_and_text(family, history, tmp_path) -> None:
    model, processor = make_model(tiny_config(family, history=history))
    inputs = make_inputs() | prompts(processor, 2)
    model.save_pretrained(tmp_path)
    again = NeuroNarratorForConditionalGeneration.from_pretrained(tmp_path)
    with torch.no_grad():
        assert torch.equal(model(**inputs).logits, again(**inputs).logits)
    texts = [m.generate(**inputs, max_new_tokens=6, do_sample=False) for m in (model, again)]
    assert torch.equal(*texts)
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, dict(again.named_buffers())[name]), name


def test_the_logits_depend_on_the_eeg_the_findings_and_the_map(narrator) -> None:
    model, processor = narrator
    inputs = make_inputs() | prompts(processor, 2)
    with torch.no_grad():
        logits = model(**inputs).logits
        for name in ("eeg_values", "spectral_values", "topomap_values"):
            changed = model(**inputs | {name: inputs[name].flip(-1)}).logits
            assert (changed - logits).abs().max() > 1e-4, name


def test_earlier_windows_matter_only_with_history() -> None:
    for history, matters in (("ssm", True), ("prompt", True), ("none", False)):
        model, processor = make_model(tiny_config(history=history))
        inputs = make_inputs() | prompts(processor, 2)
        changed = inputs["eeg_values"].clone()
        changed[:, 0] *= 3
        with torch.no_grad():
            difference = model(**inputs).logits - model(**inputs | {"eeg_values": changed}).logits
        assert bool(difference.abs().max() > 1e-5) == matters


@pytest.mark.parametrize("history", ["ssm", "prompt", "none"])
def test_precomputed_window_tokens_give_the_same_text(history) -> None:
    model, processor = make_model(tiny_config(history=history))
    inputs, text = make_inputs(), prompts(processor, 2)
    with torch.no_grad():
        tokens = model.get_window_features(**inputs).window_tokens
        torch.testing.assert_close(
            model(**inputs, **text).logits,
            model(**text, window_tokens=tokens[:, -1]).logits,
            atol=1e-5,
            rtol=1e-5,
        )
    a = model.generate(**inputs, **text, max_new_tokens=6, do_sample=False)
    b = model.generate(**text, window_tokens=tokens[:, -1], max_new_tokens=6, do_sample=False)
    assert torch.equal(a, b)
    # All windows of both recordings in one batch.
    every = model.generate(
        **prompts(processor, 6), window_tokens=tokens.flatten(0, 1), max_new_tokens=6, do_sample=False
    )
    assert torch.equal(every[[2, 5]], b)


@pytest.mark.parametrize("history", ["ssm", "prompt", "none"])
@pytest.mark.parametrize("split", [(5, 1), (1, 1, 4)])
def test_a_recording_may_be_encoded_in_pieces(history, split, tmp_path) -> None:
    model, _ = make_model(tiny_config(history=history))
    inputs = make_inputs(n_windows=6)
    gap_s = torch.zeros(2, 6)
    gap_s[0, 3] = 30.0
    per_window = {name: v for name, v in inputs.items() if name != "channel_positions"} | {"gap_s": gap_s}
    with torch.no_grad():
        whole = model.get_window_features(**inputs, gap_s=gap_s)
        state, tokens, start = None, [], 0
        for n in split:
            piece = {name: v[:, start : start + n] for name, v in per_window.items()}
            features = model.get_window_features(
                **piece, channel_positions=inputs["channel_positions"], bridge_state=state
            )
            save_file(features.bridge_state.to_dict(), tmp_path / "state.safetensors")
            state = type(features.bridge_state).from_dict(load_file(tmp_path / "state.safetensors"))
            tokens.append(features.window_tokens)
            start += n
    torch.testing.assert_close(torch.cat(tokens, 1), whole.window_tokens, atol=1e-4, rtol=1e-4)


def test_left_padded_batch_equals_single_samples(narrator) -> None:
    model, processor = narrator
    inputs = make_inputs(n_windows=1)
    texts = [processor.prompt("describe"), processor.prompt("describe normal alpha rhythm . w1 w2 w3")]
    batch = processor(text=texts, return_tensors="pt")
    assert batch["attention_mask"][0, 0] == 0  # padded on the left
    together = model.generate(**batch, **inputs, max_new_tokens=6, do_sample=False)[:, -6:]
    for i, text in enumerate(texts):
        single = processor(text=[text], return_tensors="pt")
        own = {name: value[i : i + 1] for name, value in inputs.items()}
        alone = model.generate(**single, **own, max_new_tokens=6, do_sample=False)[:, -6:]
        assert torch.equal(alone[0], together[i])


def test_window_padding_before_the_first_changes_nothing(narrator) -> None:
    model, processor = narrator
    inputs = make_inputs()
    padded = {
        name: value if name == "channel_positions" else torch.cat([torch.zeros_like(value[:, :2]), value], 1)
        for name, value in inputs.items()
    }
    mask = torch.tensor([[False, False, True, True, True]] * 2)
    with torch.no_grad():
        a = model(**inputs, **prompts(processor, 2)).logits
        b = model(**padded, window_mask=mask, **prompts(processor, 2)).logits
    torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "how",
    [
        dict(num_beams=3),
        dict(num_beams=2, num_return_sequences=2),
        dict(do_sample=True, top_k=5),
        dict(do_sample=True, num_return_sequences=3),
        dict(cache_implementation="static"),
        dict(use_cache=False),
    ],
    ids=str,
)
def test_ways_to_generate(narrator, how) -> None:
    model, processor = narrator
    torch.manual_seed(0)
    ids = model.generate(**make_inputs(), **prompts(processor, 2), max_new_tokens=4, min_new_tokens=4, **how)
    assert ids.shape[0] == 2 * how.get("num_return_sequences", 1)
    if "do_sample" not in how and "num_beams" not in how:
        plain = model.generate(
            **make_inputs(), **prompts(processor, 2), max_new_tokens=4, min_new_tokens=4, do_sample=False
        )
        assert torch.equal(ids, plain)


@pytest.mark.parametrize("how", [dict(num_beams=3), dict(num_beams=2, num_return_sequences=2)], ids=str)
def test_beams_of_a_batch_are_those_of_each_recording_alone(narrator, how) -> None:
    """Each beam goes on behind its own recording, with the state that was carried to it."""
    model, processor = narrator
    earlier, inputs, text = make_inputs(seed=3), make_inputs(), prompts(processor, 2)
    with torch.no_grad():
        state = model.get_window_features(**earlier).bridge_state
    length = dict(max_new_tokens=5, min_new_tokens=5, **how)
    together = model.generate(**inputs, **text, bridge_state=state, **length)
    alone = [
        model.generate(
            **{name: value[i : i + 1] for name, value in (inputs | text).items()},
            bridge_state=state.map(lambda value, i=i: value[i : i + 1]),
            **length,
        )
        for i in range(2)
    ]
    assert torch.equal(together, torch.cat(alone))
    told = model.generate(
        **inputs, **text, finding_targets=make_targets(), use_target_findings=True, **length
    )
    assert told.shape == together.shape


def test_streaming(narrator, capsys) -> None:
    model, processor = narrator
    one = {name: value[:1] for name, value in make_inputs().items()}
    streamer = TextStreamer(processor.tokenizer, skip_prompt=True)
    length = dict(max_new_tokens=4, min_new_tokens=4, do_sample=False)
    text = prompts(processor, 1)
    ids = model.generate(**one, **text, **length, streamer=streamer)
    told = processor.tokenizer.decode(ids[0, text["input_ids"].shape[1] :])
    assert capsys.readouterr().out.split() == told.split() and told.strip()


def test_wrong_number_of_placeholders_is_told_with_both_numbers(narrator) -> None:
    model, processor = narrator
    text = processor(text=["<eeg> describe"] * 2, return_tensors="pt")
    with pytest.raises(ValueError, match=r"\[0, 0\] <preceding_eeg> tokens.*2 soft tokens"):
        model(**text, **make_inputs())


@pytest.mark.parametrize("family", FAMILIES)
def test_losses_and_gradients_reach_every_parameter(family) -> None:
    used: set[str] = set()
    names: set[str] = set()
    for history in ("ssm", "prompt"):
        model, processor = make_model(tiny_config(family, history=history))
        model.train()
        for layer in model.modules():  # nothing behind a closed layer has a gradient in the first step
            if isinstance(layer, Closed):
                torch.nn.init.normal_(layer.weight, std=0.02)
        with torch.no_grad():  # a finding with numbers is among the likeliest, which have tokens
            model.model.heads.presence[-1].bias[FINDING_IDS.index("posterior_dominant_rhythm")] = 4.0
        text = prompts(processor, 2, "normal alpha rhythm .")
        labels = text["input_ids"].clone()
        labels[:, :-4] = -100
        inputs, targets = make_inputs(), make_targets()
        inputs["channel_mask"][:, 1, 4] = False  # an electrode that records nothing
        gap_s = torch.tensor([[0.0, 30.0, 0.0]] * 2)
        output = model(**inputs, **text, labels=labels, finding_targets=targets, gap_s=gap_s)
        parts = [output.lm_loss, *output.finding_losses.values()]
        assert all(torch.isfinite(part) for part in parts) and torch.isfinite(output.loss)
        output.loss.backward()
        # The empty tokens stand where nothing is: no history, no EEG, no map.
        no_map = {name: value for name, value in inputs.items() if name != "topomap_values"}
        model(**no_map, **text, labels=labels, eeg_keep=torch.tensor([True, False])).loss.backward()
        names |= {name for name, _ in model.named_parameters()}
        used |= {n for n, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert not names - used


def test_labels_of_minus_100_do_not_count(narrator) -> None:
    model, processor = narrator
    text = prompts(processor, 2, "normal alpha")
    labels = torch.full_like(text["input_ids"], -100)
    labels[:, -1] = text["input_ids"][:, -1]
    with torch.no_grad():
        output = model(**make_inputs(), **text, labels=labels)
    wanted = torch.nn.functional.cross_entropy(output.logits[:, -2], labels[:, -1])
    torch.testing.assert_close(output.lm_loss, wanted)


def test_logits_to_keep(narrator) -> None:
    model, processor = narrator
    inputs = make_inputs() | prompts(processor, 2)
    with torch.no_grad():
        torch.testing.assert_close(model(**inputs, logits_to_keep=1).logits, model(**inputs).logits[:, -1:])


def test_gradient_checkpointing_gives_the_same_gradients() -> None:
    model, processor = make_model(tiny_config())
    inputs = make_inputs() | prompts(processor, 2)
    model.train()
    for module in model.modules():
        if hasattr(module, "dropout") and isinstance(module.dropout, float):
            module.dropout = 0.0
    gradients = []
    for checkpointing in (False, True):
        if checkpointing:
            model.gradient_checkpointing_enable()
            layers = [m for m in model.modules() if getattr(m, "gradient_checkpointing", False)]
            assert {"MixingLayer", "SelectiveStateSpaceLayer", "LlamaDecoderLayer"} <= {
                type(m).__name__ for m in layers
            }
        model.zero_grad()
        model(**inputs, labels=inputs["input_ids"]).loss.backward()
        gradients.append(model.model.eeg_projector[0].weight.grad.clone())
    torch.testing.assert_close(*gradients)


def test_bfloat16(tmp_path) -> None:
    model, processor = make_model(tiny_config())
    inputs = make_inputs() | prompts(processor, 2)
    model.save_pretrained(tmp_path)
    cast = NeuroNarratorForConditionalGeneration.from_pretrained(tmp_path, dtype=torch.bfloat16).eval()
    with torch.no_grad():
        a, b = model(**inputs).logits, cast(**inputs, labels=inputs["input_ids"])
    assert b.logits.dtype == torch.bfloat16 and torch.isfinite(b.loss)
    assert (a - b.logits.float()).abs().mean() < 0.1 * a.abs().mean()
    assert torch.equal(cast.model.waveform_encoder.rows.lowpass, model.model.waveform_encoder.rows.lowpass)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.isfinite(model(**inputs).logits).all()
    assert cast.generate(**inputs, max_new_tokens=3).shape[0] == 2


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_attention_implementations(implementation, tmp_path, narrator) -> None:
    model, processor = narrator
    model.save_pretrained(tmp_path)
    again = NeuroNarratorForConditionalGeneration.from_pretrained(
        tmp_path, attn_implementation=implementation
    )
    assert again.language_model.config._attn_implementation == implementation
    inputs = make_inputs() | prompts(processor, 2)
    with torch.no_grad():
        torch.testing.assert_close(model(**inputs).logits, again(**inputs).logits, atol=1e-4, rtol=1e-4)


def test_missing_parameters_are_initialised_and_not_garbage(tmp_path) -> None:
    """What a checkpoint lacks must come from `_init_weights`: models are built on the meta device."""
    model = NeuroNarratorForConditionalGeneration(tiny_config())
    model.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    buffers = {name for name, _ in model.named_buffers()}
    kept = {n: w for n, w in weights.items() if n.startswith("language_model") or n in buffers}
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    again = NeuroNarratorForConditionalGeneration.from_pretrained(tmp_path)
    for name, parameter in again.named_parameters():
        assert parameter.device.type == "cpu" and torch.isfinite(parameter).all(), name
        spread = dict(model.named_parameters())[name].detach().std(correction=0)
        allowed = 0.3 + 3 / parameter.numel() ** 0.5  # few weights differ more between two draws
        assert abs(float(parameter.detach().std(correction=0) - spread)) <= allowed * float(spread) + 1e-6, (
            name
        )
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, dict(again.named_buffers())[name]), name


def test_body_and_head_load_from_one_another(narrator, tmp_path) -> None:
    model, _ = narrator
    model.save_pretrained(tmp_path)
    inputs = make_inputs()
    body = NeuroNarratorModel.from_pretrained(tmp_path)
    with torch.no_grad():
        features = model.get_window_features(**inputs)
        assert torch.equal(body(**inputs).window_tokens, features.window_tokens)
        classifier = NeuroNarratorForEEGClassification.from_pretrained(tmp_path)
        assert torch.equal(classifier(**inputs).logits, features.finding_logits["presence"])


def test_classification_with_new_labels() -> None:
    config = tiny_config(id2label={0: "seizure", 1: "other"}, label2id={"seizure": 0, "other": 1})
    model = NeuroNarratorForEEGClassification(config)
    labels = torch.tensor([[[1, 0], [0, 1], [-100, -100]]] * 2)
    output = model(**make_inputs(), labels=labels)
    assert output.logits.shape == (2, 3, 2) and torch.isfinite(output.loss)
    output.loss.backward()
    assert model.classifier.weight.grad.any()


def test_embeddings_can_be_resized(tmp_path) -> None:
    model, processor = make_model(tiny_config())
    model.resize_token_embeddings(120)
    assert model.config.text_config.vocab_size == 120
    inputs = make_inputs() | prompts(processor, 2)
    model.save_pretrained(tmp_path)
    again = NeuroNarratorForConditionalGeneration.from_pretrained(tmp_path)
    with torch.no_grad():
        logits = again(**inputs, labels=inputs["input_ids"]).logits
        assert logits.shape[-1] == 120 and torch.equal(logits, model(**inputs).logits)


def test_an_empty_token_stands_for_a_missing_map() -> None:
    model, _ = make_model(tiny_config())
    inputs = make_inputs()
    del inputs["topomap_values"]
    with torch.no_grad():
        features = model.get_window_features(**inputs)
    assert torch.equal(features.image_tokens[0, 0, 0], model.model.no_image)


def test_without_maps_the_prompt_has_no_image() -> None:
    model, processor = make_model(tiny_config(use_topomap=False))
    assert "<image>" not in processor.prompt()
    with torch.no_grad():
        assert model(**make_inputs(), **prompts(processor, 2)).logits.shape[0] == 2


@pytest.mark.slow
def test_forward_compiles_without_a_graph_break(narrator) -> None:
    model, _ = narrator
    inputs = make_inputs()
    torch._dynamo.reset()
    compiled = torch.compile(model.model.get_window_features, fullgraph=True, backend="eager")
    with torch.no_grad():
        torch.testing.assert_close(
            compiled(**inputs).window_tokens, model.get_window_features(**inputs).window_tokens
        )


@pytest.mark.slow
def test_the_whole_forward_compiles_without_a_graph_break(narrator) -> None:
    model, processor = narrator
    inputs = make_inputs() | prompts(processor, 2)
    torch._dynamo.reset()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    with torch.no_grad():
        torch.testing.assert_close(compiled(**inputs).logits, model(**inputs).logits, atol=1e-5, rtol=1e-4)


def test_layers_that_must_not_be_split_are_there_by_their_names(narrator) -> None:
    names = {type(module).__name__ for module in narrator[0].modules()}
    assert set(NeuroNarratorForConditionalGeneration._no_split_modules) <= names


def test_a_loaded_language_model_is_kept_as_it_is() -> None:
    model, _ = make_model(tiny_config(), seed=1)
    kept = {name: value.clone() for name, value in model.language_model.state_dict().items()}
    again = NeuroNarratorForConditionalGeneration(model.config, model.language_model)
    assert all(torch.equal(value, kept[n]) for n, value in again.language_model.state_dict().items())
