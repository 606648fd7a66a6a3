"""Byte-level BPE with every digit and every run of letters apart: training, encoding, and tokenizer.json as Hugging Face writes it.

A word is cut the same way wherever it stands (no leading space sticks to it), so a small model can copy what it has never seen.
"""
import heapq
import json
import re
import unicodedata
from collections import Counter, defaultdict

# The pattern of tokenizer.json; pieces() below follows it.
PATTERN = r"\p{L}+|\p{N}|[^\p{L}\p{N}]+"
ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tools>", "</tools>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
SPECIAL = 3  # The first of them are control tokens; the others are part of what a reader sees.

_ascii = re.compile(r"[A-Za-z]+|[0-9]|[^A-Za-z0-9]+")
_added = re.compile("(" + "|".join(re.escape(token) for token in ADDED) + ")")


def pieces(text):
    if text.isascii():
        return _ascii.findall(text)
    found, start, last = [], 0, None
    for at, char in enumerate(text):
        kind = unicodedata.category(char)[0]
        kind = kind if kind in "LN" else "-"
        if at > start and (kind != last or kind == "N"):
            found.append(text[start:at])
            start = at
        last = kind
    found.append(text[start:])
    return found


def runs(parts):
    """Plain texts and added tokens of neighbouring template and content parts, as the server joins them: content never holds a control token."""
    plain, found = "", []
    for text, part in parts:
        if part == 1:
            plain += text
            continue
        for at, bit in enumerate(_added.split(text)):
            if at % 2 == 0:
                plain += bit
            else:
                if plain:
                    found.append((plain, False))
                found.append((bit, True))
                plain = ""
    if plain:
        found.append((plain, False))
    return found


def byte_alphabet():
    """The stand-in characters of byte-level vocabularies (Radford et al. 2019, the released encoder)."""
    plain = list(range(0x21, 0x7F)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    table, extra = {}, 0
    for byte in range(256):
        if byte in plain:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(0x100 + extra)
            extra += 1
    return table


def learn(counts, merges_wanted):
    """Merges in rank order, as pairs of ids; ids 0..255 are bytes, merge n makes id 256 + n (Sennrich et al. 2016, section 3.2)."""
    words = [(list(word.encode("utf-8")), count) for word, count in sorted(counts.items()) if len(word.encode("utf-8")) > 1]
    tally, where = Counter(), defaultdict(set)
    for index, (ids, count) in enumerate(words):
        for pair in zip(ids, ids[1:]):
            tally[pair] += count
            where[pair].add(index)
    heap = [(-count, pair) for pair, count in tally.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < merges_wanted:
        count, pair = heapq.heappop(heap)
        if tally[pair] != -count:
            if tally[pair] > 0:
                heapq.heappush(heap, (-tally[pair], pair))
            continue
        if -count < 2:
            break
        made = 256 + len(merges)
        merges.append(pair)
        touched = set()
        for index in where.pop(pair):
            ids, times = words[index]
            for old in zip(ids, ids[1:]):
                tally[old] -= times
            at, new = 0, []
            while at < len(ids):
                if at + 1 < len(ids) and (ids[at], ids[at + 1]) == pair:
                    new.append(made)
                    at += 2
                else:
                    new.append(ids[at])
                    at += 1
            ids[:] = new
            for fresh in zip(ids, ids[1:]):
                tally[fresh] += times
                where[fresh].add(index)
                touched.add(fresh)
        for fresh in touched:
            heapq.heappush(heap, (-tally[fresh], fresh))
    return merges


class Tokenizer:
    def __init__(self, merges):
        self.merges = [tuple(pair) for pair in merges]
        self.rank = {pair: index for index, pair in enumerate(self.merges)}
        self.added = {token: 256 + len(self.merges) + index for index, token in enumerate(ADDED)}
        self.size = 256 + len(self.merges) + len(ADDED)
        self.end = self.added["<|im_end|>"]
        self.pad = self.added["<|endoftext|>"]
        self._known = {}

    @staticmethod
    def train(tasks, size):
        counts = Counter()
        for task in tasks:
            for text, plain in [(t, not added) for t, added in runs([(text, 0 if part == 2 else part) for text, part in task["parts"]])]:
                if plain:
                    counts.update(pieces(text))
        merges = learn(counts, size - 256 - len(ADDED))
        if len(merges) != size - 256 - len(ADDED):
            raise SystemExit(f"--vocabulary {size}: the text has only {len(merges)} merges; give more tasks or a smaller vocabulary")
        return Tokenizer(merges)

    def piece(self, text):
        ids = self._known.get(text)
        if ids is None:
            ids = list(text.encode("utf-8"))
            while len(ids) > 1:
                best = min(zip(ids, ids[1:]), key=lambda pair: self.rank.get(pair, 1 << 30))
                if best not in self.rank:
                    break
                made, at, new = 256 + self.rank[best], 0, []
                while at < len(ids):
                    if at + 1 < len(ids) and (ids[at], ids[at + 1]) == best:
                        new.append(made)
                        at += 2
                    else:
                        new.append(ids[at])
                        at += 1
                ids = new
            if len(self._known) < 500_000:
                self._known[text] = ids
        return ids

    def encode(self, parts):
        ids = []
        for text, added in runs(parts):
            if added:
                ids.append(self.added[text])
            else:
                for piece in pieces(text):
                    ids.extend(self.piece(piece))
        return ids

    def encode_task(self, parts):
        """Ids of a task and, for each, whether it is the assistant's."""
        ids, learnt, run = [], [], []
        for text, part in list(parts) + [("", 2)]:
            if part != 2:
                run.append((text, part))
                continue
            before = self.encode(run)
            own = self.encode([(text, 0)])
            ids += before + own
            learnt += [0] * len(before) + [1] * len(own)
            run = []
        return ids, learnt

    def decode(self, ids):
        table = [bytes([b]) for b in range(256)]
        for left, right in self.merges:
            table.append(table[left] + table[right])
        table += [token.encode() for token in ADDED]
        return b"".join(table[i] for i in ids).decode("utf-8", "replace")

    def to_json(self):
        alphabet = byte_alphabet()
        names = [alphabet[b] for b in range(256)]
        for left, right in self.merges:
            names.append(names[left] + names[right])
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        return json.dumps({
            "version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [
                {"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": index < SPECIAL}
                for index, (token, id) in enumerate(self.added.items())],
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}, level]},
            "post_processor": None, "decoder": level,
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
                "byte_fallback": False, "ignore_merges": False, "vocab": {name: id for id, name in enumerate(names)},
                "merges": [f"{names[left]} {names[right]}" for left, right in self.merges]},
        }, ensure_ascii=False, indent=0)

    @staticmethod
    def from_json(text):
        model = json.loads(text)["model"]
        return Tokenizer([tuple(model["vocab"][name] for name in merge.split(" ")) for merge in model["merges"]])
