"""numpy as a contender: the notebook's layers, and TimeAttention with matrix products.

usage: python3 numpy_peer.py THREADS   (the environment has set them already)
"""

import pathlib
import sys

import numpy as np
from line_protocol import serve

sys.path.append(str(pathlib.Path(__file__).parent.parent))
import notebook_numpy

# The notebook keeps copies of the size (N, Te, H) for every decoder step.
MOST_COPIED = 2**27


def notebook(hs_enc, hs_dec, dout):
    layer = notebook_numpy.TimeAttention()
    out = layer.forward(hs_enc, hs_dec)
    return (out, *layer.backward(dout))


def batched(hs_enc, hs_dec, dout):
    """The same by hand with matrix products over the batch, in place where that saves an array."""
    enc_t = hs_enc.transpose(0, 2, 1)
    a = hs_dec @ enc_t
    a -= a.max(axis=-1, keepdims=True)
    np.exp(a, out=a)
    a /= a.sum(axis=-1, keepdims=True)
    out = a @ hs_enc
    ds = dout @ enc_t
    ds -= np.einsum("nde,nde->nd", a, ds)[:, :, None]
    ds *= a
    dhs_dec = ds @ hs_enc
    dhs_enc = a.transpose(0, 2, 1) @ dout
    dhs_enc += ds.transpose(0, 2, 1) @ hs_dec
    return out, dhs_enc, dhs_dec


def attention(sizes, inputs):
    def way(function):
        return lambda: (lambda: function(*inputs), lambda: function(*inputs))

    N, Td, Te, H = sizes
    ways = {"batched matmul": way(batched)}
    if N * Td * Te * H <= MOST_COPIED:
        ways["the notebook"] = way(notebook)
    return ways


serve({"name": "numpy " + np.__version__}, attention)
