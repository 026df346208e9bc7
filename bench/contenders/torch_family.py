"""Calls of the whole family of attention in PyTorch: scaled dot products of heads, causal or not."""

import math

import torch
import torch.nn.functional as F


def sdpa(causal):
    def run(query, keys, values):
        return F.scaled_dot_product_attention(query, keys, values, is_causal=causal)

    return run


def matmul(causal):
    def run(query, keys, values):
        scores = query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if causal:
            scores = scores.masked_fill(later(scores), -math.inf)
        return torch.softmax(scores, -1) @ values

    return run


def later(scores):
    """Keys behind a query's own place."""
    return torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)


def by_hand(causal):
    """Forward and backward without autograd: gradients as they follow from the formula."""

    def run(query, keys, values, d_context):
        scale = 1 / math.sqrt(query.shape[-1])
        scores = query @ keys.transpose(-1, -2) * scale
        if causal:
            scores = scores.masked_fill(later(scores), -math.inf)
        a = torch.softmax(scores, -1)
        context = a @ values
        da = d_context @ values.transpose(-1, -2)
        ds = a * (da - (a * da).sum(-1, keepdim=True)) * scale
        return context, ds @ keys, ds.transpose(-1, -2) @ query, a.transpose(-1, -2) @ d_context

    return run


def autograd(forward):
    def run(query, keys, values, d_context):
        context = forward(query, keys, values)
        return (context, *torch.autograd.grad(context, (query, keys, values), d_context))

    return run


def compiled(function):
    return torch.compile(function, dynamic=False, fullgraph=True)


def heads_first(x):
    return x


def side_by_side(x):
    """The same numbers as (N, H, T, D), in memory (N, T, H, D): as they come out of a projection."""
    return x.transpose(1, 2).contiguous().transpose(1, 2)


LAYOUTS = {"heads first": heads_first, "side by side": side_by_side}


def family(call, inputs):
    torch.compiler.reset()
    if call.get("cached"):
        return {"scaled_dot_product_attention, slices of a cache": lambda: decoding(call, inputs)}
    causal, backward = call.get("causal", False), call["backward"]
    tensors = [torch.from_numpy(each) for each in inputs]

    def way(function, layout, gradient):
        def make():
            given = [LAYOUTS[layout](each) for each in tensors]
            if gradient:
                given = [each.detach().clone().requires_grad_() for each in given[:3]] + given[3:]

            def once():
                with torch.set_grad_enabled(gradient):
                    found = function(*(given if backward else given[:3]))
                    return found if backward else (found,)

            once()  # compiles
            return once, lambda: [each.detach().numpy() for each in once()]

        return make

    pass_of = autograd if backward else lambda forward: forward
    ways = {}
    for layout in LAYOUTS:
        kernel, products = sdpa(causal), matmul(causal)
        ways["scaled_dot_product_attention, " + layout] = way(pass_of(kernel), layout, backward)
        ways["compiled scaled_dot_product_attention, " + layout] = way(pass_of(compiled(kernel)), layout, backward)
        ways["eager, " + layout] = way(pass_of(products), layout, backward)
        ways["compiled, " + layout] = way(pass_of(compiled(products)), layout, backward)
        if backward:
            ways["eager, by hand, " + layout] = way(by_hand(causal), layout, False)
            ways["compiled, by hand, " + layout] = way(compiled(by_hand(causal)), layout, False)
    return ways


def decoding(call, inputs):
    """Key and value of the step are written behind those of the cache; the query meets all of them."""
    query, keys, values, _ = [torch.from_numpy(each) for each in inputs]
    steps = call["steps"]
    key, value = keys[:, :, steps:].clone(), values[:, :, steps:].clone()

    def once():
        with torch.no_grad():
            keys[:, :, steps:] = key
            values[:, :, steps:] = value
            return F.scaled_dot_product_attention(query, keys, values)

    return once, lambda: [once().numpy()]
