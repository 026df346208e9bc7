"""PyTorch as a contender, on the CPU.

usage: python3 torch_peer.py THREADS
"""

import sys

import torch
import torch.nn.functional as F
from line_protocol import serve
from torch_date_model import training
from torch_family import family

threads = int(sys.argv[1])
torch.set_num_threads(threads)
torch.set_num_interop_threads(1)


def matmul(hs_enc, hs_dec):
    return torch.softmax(hs_dec @ hs_enc.transpose(1, 2), -1) @ hs_enc


def sdpa(hs_enc, hs_dec):
    q, kv = hs_dec.unsqueeze(1), hs_enc.unsqueeze(1)
    return F.scaled_dot_product_attention(q, kv, kv, scale=1.0).squeeze(1)


def by_hand(hs_enc, hs_dec, dout):
    enc_t = hs_enc.transpose(1, 2)
    a = torch.softmax(torch.bmm(hs_dec, enc_t), -1)
    out = torch.bmm(a, hs_enc)
    da = torch.bmm(dout, enc_t)
    ds = a * (da - (a * da).sum(-1, keepdim=True))
    dhs_dec = torch.bmm(ds, hs_enc)
    dhs_enc = torch.baddbmm(torch.bmm(a.transpose(1, 2), dout), ds.transpose(1, 2), hs_dec)
    return out, dhs_enc, dhs_dec


def autograd(forward):
    def run(hs_enc, hs_dec, dout):
        out = forward(hs_enc, hs_dec)
        return (out, *torch.autograd.grad(out, (hs_enc, hs_dec), dout))

    return run


def compiled(function):
    # Every shape is its own: no code for shapes in general.
    return torch.compile(function, dynamic=False, fullgraph=True)


def attention(sizes, inputs):
    tensors = [torch.from_numpy(each) for each in inputs]
    learning = [each.clone().requires_grad_() for each in tensors[:2]] + tensors[2:]
    torch.compiler.reset()

    def way(function, given, gradient):
        def call():
            with torch.set_grad_enabled(gradient):
                return function(*given)

        def make():
            call()  # compiles
            return call, lambda: [each.detach().numpy() for each in call()]

        return make

    return {
        "eager, autograd": way(autograd(matmul), learning, True),
        "compiled, autograd": way(autograd(compiled(matmul)), learning, True),
        "scaled_dot_product_attention": way(autograd(sdpa), learning, True),
        "eager, by hand": way(by_hand, tensors, False),
        "compiled, by hand": way(compiled(by_hand), tensors, False),
    }


details = torch.backends.cpu.get_cpu_capability()
serve({"name": "PyTorch " + torch.__version__, "details": details}, attention, training, family)
