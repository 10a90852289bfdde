"""The judge's agreement by hand, and both ways to reach one."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from neuronarrator_hf.evaluation.judge import judge_agreement, load_judge

TEXTS = ["Spikes are seen. No seizure.", "Normal EEG."]


def test_agreement_by_hand():
    answers = iter(['I think ["spikes", "lpd"].', '["normal", "sharpness"]'])
    scores = judge_agreement(lambda prompt: next(answers), TEXTS)
    # parsed: spikes; normal. judge: spikes, lpd; normal
    assert scores["f1"] == pytest.approx(2 * 2 / (3 + 2))
    n = 2 * 43
    chance = (3 / n) * (2 / n) + (1 - 3 / n) * (1 - 2 / n)
    assert scores["kappa"] == pytest.approx(((n - 1) / n - chance) / (1 - chance))
    assert scores["unknown_ids"] == 1
    assert scores["disagreements"] == {"lpd": {"judge_only": 1, "parser_only": 0}}


def test_what_is_no_list_is_counted_and_left_out():
    answers = iter(["It is a seizure.", '["normal"]'])
    scores = judge_agreement(lambda prompt: next(answers), TEXTS)
    assert scores["unreadable"] == 1 and scores["f1"] == 1.0
    assert judge_agreement(lambda prompt: "no", TEXTS)["kappa"] is None


def test_a_server_is_asked(monkeypatch):
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            asked.append(self.headers["Authorization"])
            choice = {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": '["normal"]'},
            }
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            answer = {
                "id": "1",
                "model": "m",
                "created": 0,
                "object": "c",
                "choices": [choice],
                "usage": usage,
            }
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    monkeypatch.setenv("NEURONARRATOR_JUDGE_KEY", "secret")
    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        judge = load_judge(f"http://127.0.0.1:{server.server_port}/v1#some-model")
        scores = judge_agreement(judge, TEXTS[1:])
    finally:
        server.shutdown()
        server.server_close()
    (path, body), key = asked[0], asked[1]
    assert path.endswith("/chat/completions") and body["model"] == "some-model" and body["temperature"] == 0.0
    assert "Normal EEG." in body["messages"][0]["content"] and key == "Bearer secret"
    assert scores["f1"] == 1.0
    with pytest.raises(ValueError, match="gave no chat completion"):
        judge_agreement(judge, TEXTS[1:])  # the server is gone


@pytest.mark.slow
def test_a_model_of_transformers_is_asked(tmp_path):
    from transformers import LlamaConfig, LlamaForCausalLM

    from neuronarrator_hf.training.tokenizer import train_tokenizer

    tokenizer = train_tokenizer(["Normal EEG. Spikes are seen."] * 4, vocab_size=300)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    scores = judge_agreement(load_judge(str(tmp_path)), TEXTS[:1])
    assert scores["texts"] == 1 and scores["unreadable"] in (0, 1)
    with pytest.raises(ValueError, match="cannot be loaded"):
        load_judge(str(tmp_path / "nothing"))
