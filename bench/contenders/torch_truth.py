"""What calls of the family have to come out with: the formula in float64, on the float32 inputs.

usage: python3 torch_truth.py
"""

import torch
from line_protocol import serve
from torch_family import autograd, matmul


def attention(sizes, inputs):
    return {}


def family(call, inputs):
    given = [torch.from_numpy(each).double() for each in inputs]
    learning = [each.requires_grad_() for each in given[:3]] + given[3:]
    run = autograd(matmul(call.get("causal", False)))

    def result():
        return [each.detach().numpy() for each in run(*learning)]

    return {"float64": lambda: (result, result)}


serve({"name": "PyTorch " + torch.__version__ + ", float64"}, attention, family=family)
