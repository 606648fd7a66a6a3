"""Writes a model folder: config.json, model.safetensors in bf16, and the textual files beside it."""
import json
import os
import shutil

import torch

import net


def folder(path, model, size, tokenizer, context, template):
    os.makedirs(path, exist_ok=True)
    s = net.SIZES[size]
    write(path, "config.json", {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_act": "silu", "attention_bias": False, "attention_dropout": 0.0,
        "hidden_size": s["hidden"], "num_hidden_layers": s["layers"], "num_attention_heads": s["heads"], "num_key_value_heads": s["kv_heads"],
        "head_dim": s["head_dim"], "intermediate_size": s["inner"], "max_position_embeddings": context, "vocab_size": tokenizer.size,
        "rms_norm_eps": net.EPSILON, "rope_theta": net.THETA, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
        "eos_token_id": tokenizer.end, "pad_token_id": tokenizer.pad})
    write(path, "generation_config.json", {"do_sample": False, "eos_token_id": [tokenizer.end], "pad_token_id": tokenizer.pad})
    write(path, "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "model_max_length": context})
    save(os.path.join(path, "tokenizer.json"), tokenizer.to_json().encode("utf-8"))
    target = os.path.join(path, "chat_template.jinja")
    if os.path.abspath(template) != os.path.abspath(target):
        shutil.copyfile(template, target)
    save(os.path.join(path, "model.safetensors"), safetensors({name: value for name, value in model.state_dict().items()}))


def safetensors(tensors):
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        data = tensor.detach().float().cpu().contiguous().to(torch.bfloat16).view(torch.int16).numpy().tobytes()
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [at, at + len(data)]}
        blobs.append(data)
        at += len(data)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + b"".join(blobs)


def write(path, name, value):
    save(os.path.join(path, name), (json.dumps(value, indent=2) + "\n").encode())


def save(path, data):
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.replace(path + ".new", path)
