"""Writes torch-numbers.json: what PyTorch's attention and Transformer layers answer, in float64.

    python tests/layers/multi-head/make-torch-numbers.py

Inputs and parameters follow from the formula of `numbers`, which the test repeats; padding is 0. Of each
case the file has the parameters' shapes, the outputs and, for an upstream gradient of the same formula,
the gradients.
"""

import json
import pathlib

import torch
from torch import nn

torch.set_default_dtype(torch.float64)


def numbers(index, shape, factor=1.0):
    """((97 · i + 57 · index) mod 251 − 125) / 128 · factor for element i."""
    i = torch.arange(int(torch.tensor(shape).prod()))
    return (((97 * i + 57 * index) % 251 - 125) / 128 * factor).reshape(shape)


def fill(layer):
    """Parameter k, in the order of the state dict, is numbers(k + 10) / 2; gains of norms are 1 more."""
    with torch.no_grad():
        for k, (name, value) in enumerate(layer.state_dict().items()):
            gain = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            value.copy_(gain + numbers(k + 10, value.shape, 0.5))


def padded(x, lengths):
    """x with zeros from each sequence's length on."""
    return x * (torch.arange(x.shape[1]) < torch.tensor(lengths)[:, None])[:, :, None]


def behind(lengths, steps):
    return torch.arange(steps) >= torch.tensor(lengths)[:, None]


def record(layer, inputs, output, lengths=None, **more):
    upstream = numbers(9, output.shape)
    if lengths is not None:
        upstream = padded(upstream, lengths)
    output.backward(upstream)
    arrays = {"output": output, **more}
    for name, x in inputs.items():
        arrays["d " + name] = x.grad
    for name, p in layer.named_parameters():
        arrays["d " + name] = p.grad
    shapes = {name: list(p.shape) for name, p in layer.state_dict().items()}
    found = {k: [float(f"{v:.9g}") for v in a.detach().flatten()] for k, a in arrays.items()}
    return {"parameters": shapes, **found}


def leaf(x):
    return x.clone().requires_grad_()


def attention(size, heads, lengths=None, causal=False, with_bias=False, sizes=None, **options):
    layer = nn.MultiheadAttention(size, heads, batch_first=True, **options)
    fill(layer)
    layer.eval()
    steps = 3
    query = leaf(numbers(1, (2, 3 if sizes is None else 2, size)))
    if sizes is None:
        if lengths is not None:
            query = leaf(padded(query.detach(), lengths))
        inputs, keys, values = {"query": query}, query, query
    else:
        keys, values = leaf(numbers(2, (2, steps, sizes[0]))), leaf(numbers(3, (2, steps, sizes[1])))
        inputs = {"query": query, "keys": keys, "values": values}
    mask = None
    if causal:
        mask = torch.ones(steps, steps, dtype=torch.bool).triu(1)
    if with_bias:
        inputs["bias"] = leaf(numbers(4, (2, heads, query.shape[1], steps)))
        mask = inputs["bias"].reshape(2 * heads, query.shape[1], steps)
    padding = None if lengths is None else behind(lengths, steps)
    output, weights = layer(
        query, keys, values, key_padding_mask=padding, attn_mask=mask, average_attn_weights=False
    )
    # The queries of padding are nobody's.
    answered = lengths if sizes is None else None
    return record(layer, inputs, output, answered, weights=weights)


def encoder(lengths, **options):
    layer = nn.TransformerEncoderLayer(4, 2, 5, batch_first=True, **options)
    fill(layer)
    layer.eval()
    x = leaf(padded(numbers(1, (2, 3, 4)), lengths))
    output = layer(x, src_key_padding_mask=behind(lengths, 3))
    return record(layer, {"x": x}, output, lengths)


def decoder(lengths, **options):
    layer = nn.TransformerDecoderLayer(4, 2, 5, batch_first=True, **options)
    fill(layer)
    layer.eval()
    x, memory = leaf(numbers(1, (2, 3, 4))), leaf(padded(numbers(2, (2, 2, 4)), lengths))
    mask = torch.ones(3, 3, dtype=torch.bool).triu(1)
    output = layer(x, memory, tgt_mask=mask, memory_key_padding_mask=behind(lengths, 2))
    return record(layer, {"x": x, "memory": memory}, output)


cases = {
    "self-attention": attention(4, 2),
    "self-attention with padding": attention(4, 2, lengths=[3, 1]),
    "causal self-attention without biases": attention(4, 4, causal=True, bias=False),
    "self-attention with a bias of the scores": attention(4, 2, with_bias=True),
    "cross-attention": attention(4, 2, lengths=[1, 3], sizes=(3, 5), kdim=3, vdim=5),
    "encoder, post": encoder([3, 2]),
    "encoder, pre, gelu": encoder([3, 2], norm_first=True, activation="gelu"),
    "decoder, post, gelu": decoder([1, 2], activation="gelu"),
    "decoder, pre": decoder([1, 2], norm_first=True),
}
path = pathlib.Path(__file__).with_name("torch-numbers.json")
lines = []
for case, arrays in cases.items():
    inner = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in arrays.items())
    lines.append(f"{json.dumps(case)}: {{\n{inner}\n}}")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
