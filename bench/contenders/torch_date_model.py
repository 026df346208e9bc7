"""The date model in PyTorch: what heed's trainer does in a step, from the same parameters."""

import json
import struct

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class DateModel(nn.Module):
    """LSTM encoder; LSTM decoder from its last h; dot attention; linear over [context; h]."""

    def __init__(self, symbols, embedding, hidden):
        super().__init__()
        self.enc_embed = nn.Embedding(symbols, embedding)
        self.enc_lstm = nn.LSTM(embedding, hidden, batch_first=True)
        self.dec_embed = nn.Embedding(symbols, embedding)
        self.dec_lstm = nn.LSTM(embedding, hidden, batch_first=True)
        self.affine = nn.Linear(2 * hidden, symbols)

    def forward(self, sources, inputs):
        hs_enc, (h, c) = self.enc_lstm(self.enc_embed(sources))
        hs_dec, _ = self.dec_lstm(self.dec_embed(inputs), (h, torch.zeros_like(c)))
        context = torch.softmax(hs_dec @ hs_enc.transpose(1, 2), -1) @ hs_enc
        return self.affine(torch.cat((context, hs_dec), -1))


def load(path):
    """The model of a safetensors file of heed's."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = file.read()
    values = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            numbers = np.frombuffer(body[start:end], dtype=np.float32).reshape(entry["shape"])
            values[name] = torch.from_numpy(numbers.copy())
    symbols, embedding = values["encoder.embed.W"].shape
    model = DateModel(symbols, embedding, values["encoder.lstm.Wh"].shape[0])
    with torch.no_grad():
        model.enc_embed.weight.copy_(values["encoder.embed.W"])
        model.dec_embed.weight.copy_(values["decoder.embed.W"])
        model.affine.weight.copy_(values["decoder.affine.W"].T)
        model.affine.bias.copy_(values["decoder.affine.b"])
        for side, lstm in (("encoder", model.enc_lstm), ("decoder", model.dec_lstm)):
            lstm.weight_ih_l0.copy_(reorder(values[side + ".lstm.Wx"].T))
            lstm.weight_hh_l0.copy_(reorder(values[side + ".lstm.Wh"].T))
            lstm.bias_ih_l0.copy_(reorder(values[side + ".lstm.b"]))
            lstm.bias_hh_l0.zero_()
    # heed has one bias.
    model.enc_lstm.bias_hh_l0.requires_grad_(False)
    model.dec_lstm.bias_hh_l0.requires_grad_(False)
    return model


def reorder(gates):
    """heed's gates are forget, cell, input, output; PyTorch's input, forget, cell, output."""
    forget, cell, given, output = gates.chunk(4)
    return torch.cat((given, forget, cell, output))


def training(path, pairs_path):
    with open(pairs_path.replace(".json", ".ids.json")) as file:
        ids = json.load(file)
    sources = torch.tensor(ids["sources"])
    targets = torch.tensor(ids["targets"])
    begin = torch.full((len(targets), 1), ids["begin"])
    inputs = torch.cat((begin, targets[:, :-1]), 1)

    def way(forward_of, fused, mkldnn=True):
        def make():
            model = load(path)
            learned = [each for each in model.parameters() if each.requires_grad]
            optimiser = torch.optim.Adam(learned, lr=0.001, eps=1e-8, fused=fused)
            forward = forward_of(model)

            def step():
                with torch.backends.mkldnn.flags(enabled=mkldnn):
                    optimiser.zero_grad()
                    logits = forward(sources, inputs)
                    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
                    loss.backward()
                    norm = nn.utils.clip_grad_norm_(learned, 5)
                    optimiser.step()
                    return {"loss": loss.item(), "gradientNorm": norm.item()}

            return step, step

        return make

    return {
        "eager": way(lambda model: model, False),
        "eager, fused Adam": way(lambda model: model, True),
        "eager, fused Adam, without oneDNN": way(lambda model: model, True, False),
        "compiled, fused Adam": way(torch.compile, True),
    }
