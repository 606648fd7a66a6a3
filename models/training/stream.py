"""Tasks as batches of token ids, from JSON lines in files or straight from the task writer, made by worker processes."""
import glob
import gzip
import json
import multiprocessing
import random
import subprocess

import numpy

import bpe

GROUP = 1024  # Tasks sorted by length at a time (tasks).
CHUNK = 4096  # Tasks a writer is asked for at a time (tasks).


def lines_of(sources):
    for pattern in sources:
        found = sorted(glob.glob(pattern))
        if not found:
            raise SystemExit(f"--data {pattern}: there is no such file")
        for path in found:
            with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
                yield from file


def written(writer, seed, split, first, count):
    """Lines of the task writer."""
    command = writer + ["--split", split, "--seed", str(seed), "--from", str(first), "--count", str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        yield from process.stdout
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")


def share_of(stage, progress):
    """Curriculum: single calls first, then chains, then tools made up for the conversation. Share of the tasks of a stage that is kept."""
    begins = {1: 0.0, 2: 0.04, 3: 0.08}[stage]
    if stage == 1 and progress > 0.3:
        return 0.7
    return min(1.0, max(0.05, (progress - begins) / 0.04 + 0.05)) if stage > 1 else 1.0


def endless(options, worker, salt):
    """(stage, ids, learnt) without end."""
    tokenizer = bpe.Tokenizer.from_json(options["tokenizer"])

    def encoded(line):
        task = json.loads(line)
        ids, learnt = tokenizer.encode_task(task["parts"])
        return task["stage"], numpy.array(ids, numpy.uint16), numpy.array(learnt, numpy.uint8)

    if options["writer"]:
        chunk = salt * options["workers"] + worker
        while True:
            for line in written(options["writer"], options["seed"], "Train", chunk * CHUNK, CHUNK):
                yield encoded(line)
            chunk += options["workers"]
    own = [encoded(line) for index, line in enumerate(lines_of(options["data"])) if index % options["workers"] == worker]
    order = random.Random(f"{options['seed']} {worker} {salt}")
    while True:
        order.shuffle(own)
        yield from own


def produce(options, worker, salt, progress, queue):
    choice = random.Random(f"{options['seed']} {worker} {salt} batches")
    group = []
    for stage, ids, learnt in endless(options, worker, salt):
        if len(ids) > options["context"] or (options["curriculum"] and choice.random() > share_of(stage, progress.value)):
            continue
        group.append((ids, learnt))
        if len(group) == GROUP:
            for batch in batches(group, options["batch"], choice):
                queue.put(batch)
            group = []


def batches(group, tokens, choice):
    """Tasks of like length together, a task per row, the rest padding: no task sees another, and positions are those of serving."""
    group = sorted(group, key=lambda task: len(task[0]) + choice.random())
    cut, row = [], []
    for task in group:
        width = padded(len(task[0]))
        if row and (len(row) + 1) * width > tokens:
            cut.append(row)
            row = []
        row.append(task)
    if row:
        cut.append(row)
    choice.shuffle(cut)
    for rows in cut:
        width = padded(max(len(ids) for ids, _ in rows))
        ids, learnt = numpy.zeros((len(rows), width), numpy.int32), numpy.zeros((len(rows), width), numpy.uint8)
        for at, (own, mask) in enumerate(rows):
            ids[at, : len(own)], learnt[at, : len(mask)] = own, mask
        yield ids, learnt


def padded(length):
    # One more than a multiple of 32: the last position only is a target.
    return (length + 30) // 32 * 32 + 1


class Batches:
    def __init__(self, options, salt):
        context = multiprocessing.get_context("fork")
        self.progress = context.Value("d", 0.0)
        self._queue = context.Queue(maxsize=4 * options["workers"] + 8)
        self._workers = [context.Process(target=produce, args=(options, worker, salt, self.progress, self._queue), daemon=True) for worker in range(options["workers"])]
        for worker in self._workers:
            worker.start()

    def next(self):
        while True:
            try:
                return self._queue.get(timeout=30)
            except Exception as problem:
                if not all(worker.is_alive() for worker in self._workers):
                    raise SystemExit("a data worker died; its message stands above") from problem

    def close(self):
        for worker in self._workers:
            worker.terminate()
