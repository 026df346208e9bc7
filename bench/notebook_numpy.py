"""The notebook's layers in numpy, timed: forward + backward of TimeAttention, float32.

usage: python3 notebook_numpy.py N Td Te H repeats   prints the median in milliseconds
"""

import sys
import time

import numpy as np


class Softmax:
    def forward(self, x):
        x = np.exp(x - x.max(axis=-1, keepdims=True))
        self.out = x / x.sum(axis=-1, keepdims=True)
        return self.out

    def backward(self, dout):
        dx = self.out * dout
        return dx - self.out * dx.sum(axis=-1, keepdims=True)


class WeightSum:
    def forward(self, hs, a):
        N, T, H = hs.shape
        ar = a.reshape(N, T, 1).repeat(H, axis=2)
        self.cache = (hs, ar)
        return np.sum(hs * ar, axis=1)

    def backward(self, dc):
        hs, ar = self.cache
        N, T, H = hs.shape
        dt = dc.reshape(N, 1, H).repeat(T, axis=1)
        return dt * ar, np.sum(dt * hs, axis=2)


class AttentionWeight:
    def __init__(self):
        self.softmax = Softmax()

    def forward(self, hs, h):
        N, T, H = hs.shape
        hr = h.reshape(N, 1, H).repeat(T, axis=1)
        self.cache = (hs, hr)
        return self.softmax.forward(np.sum(hs * hr, axis=2))

    def backward(self, da):
        hs, hr = self.cache
        N, T, H = hs.shape
        dt = self.softmax.backward(da).reshape(N, T, 1).repeat(H, axis=2)
        return dt * hr, np.sum(dt * hs, axis=1)


class Attention:
    def __init__(self):
        self.attention_weight, self.weight_sum = AttentionWeight(), WeightSum()

    def forward(self, hs, h):
        return self.weight_sum.forward(hs, self.attention_weight.forward(hs, h))

    def backward(self, dout):
        dhs0, da = self.weight_sum.backward(dout)
        dhs1, dh = self.attention_weight.backward(da)
        return dhs0 + dhs1, dh


class TimeAttention:
    def forward(self, hs_enc, hs_dec):
        out = np.empty_like(hs_dec)
        self.layers = []
        for t in range(hs_dec.shape[1]):
            layer = Attention()
            out[:, t, :] = layer.forward(hs_enc, hs_dec[:, t, :])
            self.layers.append(layer)
        return out

    def backward(self, dout):
        dhs_enc, dhs_dec = 0, np.empty_like(dout)
        for t, layer in enumerate(self.layers):
            dhs, dh = layer.backward(dout[:, t, :])
            dhs_enc += dhs
            dhs_dec[:, t, :] = dh
        return dhs_enc, dhs_dec


def main():
    N, Td, Te, H, repeats = map(int, sys.argv[1:6])
    random = np.random.default_rng(0)
    arrays = [random.standard_normal((N, T, H)).astype(np.float32) for T in (Te, Td, Td)]
    hs_enc, hs_dec, dout = arrays
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        layer = TimeAttention()
        layer.forward(hs_enc, hs_dec)
        layer.backward(dout)
        times.append(time.perf_counter() - start)
    print(np.median(times[1:]) * 1e3)


if __name__ == "__main__":
    main()
