"""A language model's text is taken only where it says exactly the findings."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from neuronarrator_hf.corpus import language_models
from neuronarrator_hf.corpus.writers import Writer, WriterOptions, contents, make_writer, prompt_of
from neuronarrator_hf.findings.parse import parse
from neuronarrator_hf.findings.schema import Claim

CLAIMS = [
    Claim("lpd", side="left", regions=("temporal",), frequency_hz=(1.03, 1.03)),
    Claim("electrographic_seizure", "absent"),
    Claim("abnormal"),
]
GOOD = "There are left temporal LPDs at 1 Hz. No electrographic seizures are seen. The segment is abnormal."
WRONG_SIDE = GOOD.replace("left", "right")


def test_the_examples_are_what_they_are_called() -> None:
    assert contents(parse(GOOD)) == contents(CLAIMS) != contents(parse(WRONG_SIDE))


def test_a_faithful_text_is_taken() -> None:
    writer = Writer(WriterOptions(model="m"), lambda prompt, seed: GOOD)
    assert writer.write(CLAIMS, 0) == (GOOD, "m")
    assert writer.counts == {"accepted": 1}


@pytest.mark.parametrize("text", [WRONG_SIDE, GOOD + " There are spikes.", GOOD.split(".")[0] + ".", ""])
def test_any_other_text_is_retried_and_then_written_by_the_grammar(text: str) -> None:
    writer = Writer(WriterOptions(model="m", attempts=2), lambda prompt, seed: text)
    written, author = writer.write(CLAIMS, 5)
    assert author == "grammar" and contents(parse(written)) == contents(CLAIMS)
    assert writer.counts == {"rejected": 2, "fallback": 1}


def test_a_retry_gets_another_seed() -> None:
    seeds: list[int] = []

    def generate(prompt: str, seed: int) -> str:
        seeds.append(seed)
        return GOOD if len(seeds) == 2 else WRONG_SIDE

    writer = Writer(WriterOptions(model="m"), generate)
    assert writer.write(CLAIMS, 7)[1] == "m" and len(set(seeds)) == 2
    assert writer.counts == {"rejected": 1, "accepted": 1}


def test_what_a_model_is_told_is_the_quantised_findings() -> None:
    told = prompt_of(CLAIMS)
    assert "lateralized periodic discharges (LPDs): present, side left, region temporal, at 1 Hz" in told
    assert "electrographic seizure: absent" in told


Server = tuple[str, list[dict], list[tuple[int, str]]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Its address, what it was asked, and what it answers next (status, text); after that, what is right."""
    asked: list[dict] = []
    answers: list[tuple[int, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, text = answers.pop(0) if answers else (200, GOOD)
            body = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()
            self.send_response(status if self.path == "/v1/chat/completions" else 404)
            self.end_headers()
            self.wfile.write(body if text != "no JSON" else b"<html>")

        def log_message(self, *_: object) -> None:
            return

    monkeypatch.setattr(language_models, "_WAIT_S", 0.0)
    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/v1", asked, answers
    httpd.shutdown()
    httpd.server_close()


def test_an_endpoint_is_asked_for_findings_alone(server: Server) -> None:
    address, asked, answers = server
    answers[:] = [(200, WRONG_SIDE)]
    writer = make_writer(WriterOptions(model="local", endpoint=address))
    assert writer.write(CLAIMS, 0) == (GOOD, "local")
    assert writer.counts == {"rejected": 1, "accepted": 1}
    assert set(asked[0]) == {"model", "messages", "seed", "max_tokens"} and asked[0]["model"] == "local"
    assert asked[0]["messages"] == [{"role": "user", "content": prompt_of(CLAIMS)}]


def test_a_busy_endpoint_is_asked_again(server: Server) -> None:
    address, asked, answers = server
    answers[:] = [(503, ""), (429, "")]
    writer = make_writer(WriterOptions(model="local", endpoint=address))
    assert writer.write(CLAIMS, 0) == (GOOD, "local")
    assert writer.counts == {"accepted": 1} and len(asked) == 3


@pytest.mark.parametrize(
    ("answer", "n_asked", "told"),
    [
        ((401, ""), 1, "answers 401 .* check the address"),
        ((503, ""), language_models.TRIES, "does not answer .503 .* run the same command again"),
        ((200, "no JSON"), 1, "no choices"),
    ],
)
def test_an_endpoint_that_cannot_be_used_is_told(
    server: Server, answer: tuple[int, str], n_asked: int, told: str
) -> None:
    address, asked, answers = server
    answers[:] = [answer] * 9
    writer = make_writer(WriterOptions(model="local", endpoint=address))
    with pytest.raises(language_models.WriterError, match=told) as raised:
        writer.write(CLAIMS, 0)
    assert len(asked) == n_asked
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)  # comes back from a process


def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(language_models.WriterError, match="no text-generation model that can be loaded"):
        make_writer(WriterOptions(model=str(tmp_path / "nowhere")))


@pytest.mark.parametrize("wrong", [{"endpoint": "http://127.0.0.1"}, {"attempts": 0}, {"variety": 2.0}])
def test_options_are_checked(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"endpoint|attempts|variety"):
        WriterOptions(**wrong)


def tiny_model(folder: Path, n_positions: int) -> str:
    """A model of four words with random weights."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = Tokenizer(WordLevel({"[UNK]": 0, "normal": 1, "spikes": 2, "</s>": 3}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="[UNK]", eos_token="</s>"
    )
    config = transformers.GPT2Config(
        vocab_size=4, n_embd=8, n_layer=1, n_head=1, n_positions=n_positions, bos_token_id=3, eos_token_id=3
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("n_positions", [512, 130])  # the second has no room for all that may be said
def test_a_transformers_model_is_asked_and_what_it_says_is_checked(tmp_path: Path, n_positions: int) -> None:
    writer = make_writer(WriterOptions(model=tiny_model(tmp_path, n_positions), attempts=2))
    text, author = writer.write(CLAIMS, 0)
    assert author == "grammar" and contents(parse(text)) == contents(CLAIMS)
    assert writer.counts == {"rejected": 2, "fallback": 1}


def test_findings_that_a_model_cannot_read_are_told(tmp_path: Path) -> None:
    writer = make_writer(WriterOptions(model=tiny_model(tmp_path, 32)))
    with pytest.raises(language_models.WriterError, match=r"reads 32 tokens, and the findings need \d+"):
        writer.write(CLAIMS, 0)


def test_a_seed_gives_the_same_words_in_every_process() -> None:
    code = (
        "from neuronarrator_hf.findings.schema import Claim\n"
        "from neuronarrator_hf.findings.select import select_for_text, with_absences\n"
        "from neuronarrator_hf.findings.write import write_segment\n"
        "claims = select_for_text(with_absences([Claim('drowsy'), Claim('normal')]))\n"
        "claims += [Claim('sleep_spindles', 'not_assessed'), Claim('asymmetry', 'not_assessed')]\n"
        "print([write_segment(claims, seed=seed) for seed in range(40)])\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
