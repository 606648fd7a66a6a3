#!/usr/bin/env python3
"""Writes what the tests here hold the C# side against: token ids of sample tasks, and what a trained speck of a model says next.

make.py TASKS.jsonl RUN: a run of models/training/train.py with --size speck.
"""
import json
import os
import shutil
import sys

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "models", "training"))

import bpe  # noqa: E402
import net  # noqa: E402

tasks, run = sys.argv[1:]
for name in ["config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors"]:
    os.makedirs(os.path.join(HERE, "speck"), exist_ok=True)
    shutil.copyfile(os.path.join(run, "model", name), os.path.join(HERE, "speck", name))
with open(os.path.join(HERE, "speck", "tokenizer.json"), encoding="utf-8") as file:
    tokenizer = bpe.Tokenizer.from_json(file.read())
model = net.Net(net.SIZES["speck"], tokenizer.size, 2048)
state = torch.load(os.path.join(run, "checkpoint.pt"), map_location="cpu")["model"]
# What was exported: rounded to bf16.
model.load_state_dict({name: value.to(torch.bfloat16).float() for name, value in state.items()})
model.eval()

samples = []
with open(tasks, encoding="utf-8") as file:
    for line in list(file)[:12]:
        parts = json.loads(line)["parts"]
        ids, learnt = tokenizer.encode_task(parts)
        samples.append({"parts": parts, "ids": ids, "learnt": [at for at, own in enumerate(learnt) if own]})
samples.append({"parts": [["<|im_start|>user\n", 0], ["Caf\u00e9 \u00c5re, 18 \u00b0C \u2014 <|im_end|> 12\u00b2 \u4e16\u754c 3.5\u20ac", 1], ["<|im_end|>\n", 0], ["Na\u00efve<|im_end|>", 2]]})
samples[-1]["ids"], learnt = tokenizer.encode_task(samples[-1]["parts"])
samples[-1]["learnt"] = [at for at, own in enumerate(learnt) if own]

ids = samples[0]["ids"][: samples[0]["learnt"][0]]
prompt, greedy, best = list(ids), [], []
with torch.no_grad():
    for _ in range(24):
        logits = F.log_softmax(F.linear(model.hidden(torch.tensor([ids]))[0, -1], model.model.embed_tokens.weight), -1)
        greedy.append(int(logits.argmax()))
        best.append(round(float(logits.max()), 5))
        ids = ids + [greedy[-1]]
with open(os.path.join(HERE, "samples.json"), "w", encoding="utf-8") as file:
    json.dump({"samples": samples, "prompt": prompt, "greedy": greedy, "logprobs": best}, file, ensure_ascii=False, indent=0)
    file.write("\n")
