"""A language model's text is taken only where it says exactly the findings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from neuronarrator_hf.corpus.writers import Writer, WriterOptions, contents, make_writer, to_messages
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
    writer = Writer(WriterOptions(model="m"), lambda messages, seed: GOOD)
    assert writer.write(CLAIMS, 0) == (GOOD, "m")
    assert writer.counts == {"accepted": 1}


@pytest.mark.parametrize("text", [WRONG_SIDE, GOOD + " There are spikes.", GOOD.split(".")[0] + ".", ""])
def test_any_other_text_is_retried_and_then_written_by_the_grammar(text: str) -> None:
    writer = Writer(WriterOptions(model="m", attempts=2), lambda messages, seed: text)
    written, author = writer.write(CLAIMS, 5)
    assert author == "grammar" and contents(parse(written)) == contents(CLAIMS)
    assert writer.counts == {"rejected": 2, "fallback": 1}


def test_a_retry_gets_another_seed() -> None:
    seeds: list[int] = []

    def generate(messages: list[dict[str, str]], seed: int) -> str:
        seeds.append(seed)
        return GOOD if len(seeds) == 2 else WRONG_SIDE

    writer = Writer(WriterOptions(model="m"), generate)
    assert writer.write(CLAIMS, 7)[1] == "m" and len(set(seeds)) == 2
    assert writer.counts == {"rejected": 1, "accepted": 1}


def test_what_a_model_is_told_is_the_quantised_findings() -> None:
    told = to_messages(CLAIMS)[1]["content"]
    assert "lateralized periodic discharges (LPDs): present, side left, region temporal, at 1 Hz" in told
    assert "electrographic seizure: absent" in told


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict]]]:
    asked: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            text = WRONG_SIDE if len(asked) == 1 else GOOD
            body = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()
            self.send_response(200 if self.path == "/v1/chat/completions" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/v1", asked
    httpd.shutdown()
    httpd.server_close()


def test_an_endpoint_is_asked_for_findings_alone(server: tuple[str, list[dict]]) -> None:
    address, asked = server
    writer = make_writer(WriterOptions(model="local", endpoint=address))
    assert writer.write(CLAIMS, 0) == (GOOD, "local")
    assert writer.counts == {"rejected": 1, "accepted": 1}
    assert set(asked[0]) == {"model", "messages", "seed", "max_tokens"} and asked[0]["model"] == "local"


@pytest.mark.parametrize("wrong", [{"endpoint": "http://127.0.0.1"}, {"attempts": 0}, {"variety": 2.0}])
def test_options_are_checked(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"endpoint|attempts|variety"):
        WriterOptions(**wrong)


def test_a_transformers_model_is_asked_and_what_it_says_is_checked(tmp_path) -> None:
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
        vocab_size=4, n_embd=8, n_layer=1, n_head=1, n_positions=512, eos_token_id=3
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    writer = make_writer(WriterOptions(model=str(tmp_path), attempts=2))
    text, author = writer.write(CLAIMS, 0)
    assert author == "grammar" and contents(parse(text)) == contents(CLAIMS)
    assert writer.counts == {"rejected": 2, "fallback": 1}


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
