"""Scores held-out tasks: right is who would have written every token of every call and answer.

Along the right transcript each of the assistant's tokens must be the most likely one. At temperature 0 that is exactly the share of transcripts
that come out to the letter, without generating: one wrong token and the server's run leaves the transcript at that place, too.
"""
from collections import defaultdict

import torch
import torch.nn.functional as F


def table(model, tokenizer, tasks, device, context):
    right, all_of = defaultdict(int), defaultdict(int)
    model.eval()
    with torch.no_grad():
        for task in tasks:
            ids, learnt = tokenizer.encode_task(task["parts"])
            if len(ids) > context:
                ids, learnt = ids[:0], [1]
            good = False
            if ids:
                row = torch.tensor([ids], device=device)
                wanted = torch.tensor(learnt[1:], device=device).bool()
                logits = F.linear(model.hidden(row[:, :-1])[0][wanted], model.model.embed_tokens.weight)
                good = bool((logits.argmax(-1) == row[0, 1:][wanted]).all())
            for kind in (task["kind"], "all"):
                all_of[kind] += 1
                right[kind] += good
    model.train()
    return "\n".join(f"  {kind:24} {right[kind]:5d} of {all_of[kind]:5d}  {100 * right[kind] / all_of[kind]:5.1f} %" for kind in sorted(all_of))
