#!/usr/bin/env python3
"""Trains the bundled model. Stops when its minutes are used; started again with the same --out it goes on where it was.

README.md beside this file has the commands. Needs PyTorch (1.13 or newer) and numpy, nothing else.
"""
import argparse
import csv
import itertools
import json
import math
import os
import shlex
import sys
import time

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import bpe  # noqa: E402
import curve  # noqa: E402
import export  # noqa: E402
import net  # noqa: E402
import score  # noqa: E402
import stream  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="folder of the run: checkpoint, loss curve, and the model under model/")
    parser.add_argument("--data", nargs="*", default=[], help="JSON lines of the task writer, .gz or not; patterns are allowed")
    parser.add_argument("--writer", default="", help="command of the task writer, instead of files: new tasks without end")
    parser.add_argument("--eval", nargs="*", default=[], help="JSON lines of held-out tasks, scored at the end and now and then")
    parser.add_argument("--template", default=os.path.join(HERE, "..", "astraea-mini", "chat_template.jinja"))
    parser.add_argument("--tokenizer", default="", help="a tokenizer.json to use instead of training one")
    parser.add_argument("--size", choices=net.SIZES, default="medium")
    parser.add_argument("--vocabulary", type=int, default=2048, help="tokens, a multiple of 128")
    parser.add_argument("--context", type=int, default=1024, help="longest task (tokens); longer ones are left out")
    parser.add_argument("--positions", type=int, default=2048, help="max_position_embeddings of the model (tokens)")
    parser.add_argument("--minutes", type=float, required=True, help="training time over all starts (min); the learning rate follows it")
    parser.add_argument("--batch", type=int, default=0, help="tokens per step; default 8192 on a CPU, 131072 on a GPU")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="threads of PyTorch on a CPU; default: its own")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches; default 1 on a CPU, the cores less two on a GPU")
    parser.add_argument("--save-every", type=float, default=60, help="seconds between checkpoints")
    parser.add_argument("--eval-every", type=float, default=300, help="seconds between scores")
    parser.add_argument("--no-curriculum", action="store_true", help="all kinds of tasks from the start")
    parser.add_argument("--compile", action="store_true", help="torch.compile, where there is one")
    options = parser.parse_args()
    if bool(options.data) == bool(options.writer):
        parser.error("give either --data or --writer")
    if options.vocabulary % 128 or options.vocabulary < 384:
        parser.error(f"--vocabulary {options.vocabulary}: must be a multiple of 128, at least 384")
    if options.minutes <= 0:
        parser.error(f"--minutes {options.minutes}: must be positive")
    return options


class Run:
    def __init__(self, options):
        self.options = options
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        if self.device == "cpu" and options.threads:
            torch.set_num_threads(options.threads)
        if self.device == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
        options.batch = options.batch or (131072 if self.device == "cuda" else 8192)
        options.workers = options.workers or (max(1, (os.cpu_count() or 2) - 2) if self.device == "cuda" else 1)
        os.makedirs(options.out, exist_ok=True)
        self.writer = shlex.split(options.writer)
        self.tokenizer = self.own_tokenizer()
        torch.manual_seed(options.seed)
        self.model = net.Net(net.SIZES[options.size], self.tokenizer.size, options.positions).to(self.device)
        flat = [p for n, p in self.model.named_parameters() if p.dim() < 2 or "embed_tokens" in n]
        deep = [p for n, p in self.model.named_parameters() if not (p.dim() < 2 or "embed_tokens" in n)]
        self.optimizer = torch.optim.AdamW([dict(params=deep, weight_decay=0.1), dict(params=flat, weight_decay=0.0)], lr=options.rate, betas=(0.9, 0.95))
        self.step = self.tokens = self.starts = 0
        self.seconds = 0.0
        self.rows = []
        self.checkpoint = os.path.join(options.out, "checkpoint.pt")
        if os.path.exists(self.checkpoint):
            self.load()
        self.held_out = [json.loads(line) for line in stream.lines_of(options.eval)] if options.eval else []

    def own_tokenizer(self):
        path = os.path.join(self.options.out, "tokenizer.json")
        given = path if os.path.exists(path) else self.options.tokenizer
        if given:
            with open(given, encoding="utf-8") as file:
                return bpe.Tokenizer.from_json(file.read())
        lines = stream.written(self.writer, self.options.seed, "Train", 0, 20000) if self.writer else stream.lines_of(self.options.data)
        tokenizer = bpe.Tokenizer.train((json.loads(line) for line in itertools.islice(lines, 20000)), self.options.vocabulary)
        export.save(path, tokenizer.to_json().encode("utf-8"))
        return tokenizer

    def load(self):
        state = torch.load(self.checkpoint, map_location=self.device)
        if state["size"] != self.options.size or state["vocabulary"] != self.tokenizer.size:
            raise SystemExit(f"{self.checkpoint} is of a model '{state['size']}' with {state['vocabulary']} tokens; use another --out")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.tokens, self.seconds, self.rows = state["step"], state["tokens"], state["seconds"], state["rows"]
        self.starts = state["starts"] + 1

    def save(self):
        torch.save(dict(model=self.model.state_dict(), optimizer=self.optimizer.state_dict(), step=self.step, tokens=self.tokens, seconds=self.seconds,
                        rows=self.rows, starts=self.starts, size=self.options.size, vocabulary=self.tokenizer.size), self.checkpoint + ".new")
        os.replace(self.checkpoint + ".new", self.checkpoint)
        with open(os.path.join(self.options.out, "loss.csv"), "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["step", "seconds", "tokens", "loss", "rate"])
            table.writerows(self.rows)
        export.save(os.path.join(self.options.out, "loss.svg"), curve.svg(self.rows).encode("utf-8"))

    def export(self):
        export.folder(os.path.join(self.options.out, "model"), self.model, self.options.size, self.tokenizer, self.options.positions, self.options.template)

    def rate(self, progress):
        warm = min(1.0, max((self.step + 1) / 100, progress / 0.05))
        return self.options.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))

    def cast(self):
        return torch.autocast("cuda", dtype=torch.bfloat16) if self.device == "cuda" else torch.autocast("cpu", enabled=False)

    def train(self):
        options, budget = self.options, self.options.minutes * 60
        forward = torch.compile(self.model, dynamic=True) if options.compile and hasattr(torch, "compile") else self.model
        batches = stream.Batches(dict(
            tokenizer=self.tokenizer.to_json(), writer=self.writer, data=options.data, seed=options.seed, workers=options.workers, context=options.context,
            batch=options.batch, curriculum=not options.no_curriculum), self.starts * 100_000)
        count = sum(p.numel() for p in self.model.parameters())
        print(f"{options.size}: {count / 1e6:.2f} M parameters, {self.device}, {options.batch} tokens per step, {options.workers} workers", flush=True)
        begun, before, saved, scored, told = time.time(), self.seconds, time.time(), time.time(), 0.0
        mean, since, last_tokens = None, None, self.tokens
        while self.seconds < budget:
            progress = self.seconds / budget
            batches.progress.value = progress
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate(progress)
            ids, learnt = (torch.from_numpy(array).to(self.device, non_blocking=True).long() for array in batches.next())
            with self.cast():
                logits, wanted = forward(ids, learnt)
            loss = F.cross_entropy(logits.float(), wanted)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            self.tokens += ids.numel()
            mean = loss.detach() if mean is None else mean * 0.95 + loss.detach() * 0.05
            now = time.time()
            self.seconds = before + now - begun
            if now - told > 10 or self.seconds >= budget:
                value = mean.item()
                if not math.isfinite(value):
                    raise SystemExit(f"step {self.step}: the loss is {value}; the last checkpoint is kept; start again with a lower --rate")
                speed = (self.tokens - last_tokens) / (now - (since or begun))
                since, told, last_tokens = now, now, self.tokens
                self.rows.append([self.step, round(self.seconds, 1), self.tokens, round(value, 5), round(self.rate(progress), 6)])
                print(f"step {self.step}  {self.seconds / 60:.1f} min  {self.tokens / 1e6:.2f} M tokens  {speed:,.0f} tokens/s  loss {value:.4f}", flush=True)
            elif self.step == 1:
                self.rows.append([1, round(self.seconds, 1), self.tokens, round(loss.item(), 5), round(self.rate(progress), 6)])
            if now - saved > options.save_every:
                self.save()
                saved = time.time()
            if self.held_out and now - scored > options.eval_every:
                self.score(self.held_out[:256])
                self.export()
                scored = time.time()
        batches.close()
        self.save()
        self.export()
        if self.held_out:
            self.score(self.held_out)

    def score(self, tasks):
        with self.cast():
            print(score.table(self.model, self.tokenizer, tasks, self.device, self.options.positions), flush=True)


if __name__ == "__main__":
    Run(arguments()).train()
