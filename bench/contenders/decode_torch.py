"""Greedy decoding in PyTorch of a model that `heed export --npz` wrote:

    python decode_torch.py MODEL.npz THREADS

Answers requests of bench/decode-dates.ts, a line of JSON each. Knows LSTMs with dot attention or relatives of it.
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn

torch.set_num_threads(int(sys.argv[2]))


class Model:
    def __init__(self, path):
        file = np.load(path)
        described = json.loads(file["vocabulary.json"])
        self.config = config = described["config"]
        self.source, self.target = described["source"], described["target"]
        refuse(config["architecture"] == "recurrent" and config["cell"] == "lstm", "not an LSTM")
        refuse(config["maskPadding"] and not config["copy"], "unmasked, or copying")
        refuse(config["tiedEmbeddings"] == "none" and described["features"] is None, "tied, or tags")
        refuse(config["attention"] in ("none", "dot", "scaled-dot", "multiplicative", "additive"), "heads")
        self.w = {name: torch.from_numpy(file[name].copy()) for name in file.files if name != "vocabulary.json"}
        H, D, both = config["hiddenSize"], config["embeddingSize"], config["bidirectional"]
        self.encoder = nn.LSTM(D, H // (1 + both), config["encoderLayers"], batch_first=True, bidirectional=both)
        for layer in range(config["encoderLayers"]):
            for end, torch_end in [("", "")] + [(".reverse", "_reverse")] * both:
                self.fill(self.encoder, layer_name("encoder.lstm", layer) + end, "_l%d%s" % (layer, torch_end))
        self.cells = []
        for layer in range(config["decoderLayers"]):
            name = layer_name("decoder.lstm", layer)
            self.cells.append(nn.LSTMCell(self.w[name + ".Wx"].shape[0], H))
            self.fill(self.cells[-1], name, "")
        self.ids = {symbol: id for id, symbol in enumerate(self.source["symbols"])}

    def fill(self, lstm, name, end):
        with torch.no_grad():
            getattr(lstm, "weight_ih" + end).copy_(reorder(self.w[name + ".Wx"].T))
            getattr(lstm, "weight_hh" + end).copy_(reorder(self.w[name + ".Wh"].T))
            getattr(lstm, "bias_ih" + end).copy_(reorder(self.w[name + ".b"]))
            getattr(lstm, "bias_hh" + end).zero_()

    def linear(self, name, x):
        return torch.addmm(self.w[name + ".b"], x, self.w[name + ".W"])

    def attend(self, hidden, keys, values, mask):
        kind = self.config["attention"]
        if kind == "additive":
            query = self.linear("decoder.attention.query", hidden)
            scores = torch.tanh(keys + query[:, None]) @ self.w["decoder.attention.v"]
        else:
            if kind == "multiplicative":
                hidden = hidden @ self.w["decoder.attention.W"]
            scores = (keys @ hidden[:, :, None])[:, :, 0]
            if kind == "scaled-dot":
                scores = scores / self.config["hiddenSize"] ** 0.5
        weights = torch.softmax(scores.masked_fill(mask, float("-inf")), -1)
        return (weights[:, None] @ values)[:, 0]

    def starts(self, h, c):
        """The decoder's first states, of the encoder's last ones (layers · directions, N, H / directions)."""
        config = self.config
        directions = 1 + config["bidirectional"]
        last = [torch.cat(list(each), -1) for state in (h, c) for each in state.split(directions)]
        layers, states = config["encoderLayers"], []
        for layer in range(config["decoderLayers"]):
            at = max(0, layers - config["decoderLayers"] + layer)
            pair = [last[at], last[layers + at]]
            if config["bridge"] == "linear":
                pair = [torch.tanh(self.linear(layer_name("bridge." + half, layer), state)) for half, state in zip("hc", pair)]
            if config["bridge"] == "zero":
                pair[0] = torch.zeros_like(pair[0])
            if config["bridge"] in ("zero", "hidden"):
                pair[1] = torch.zeros_like(pair[1])
            states.append(tuple(pair))
        return states

    def decode(self, texts):
        config, target = self.config, self.target
        unknown = self.source["unknown"]
        rows = [[self.ids.get(symbol, unknown) for symbol in text] for text in texts]
        lengths = torch.tensor([len(row) for row in rows])
        width = int(lengths.max())
        ids = torch.tensor([row + [self.source["pad"]] * (width - len(row)) for row in rows])
        if config["reverseSource"]:
            ids = torch.tensor([row[::-1] + [self.source["pad"]] * (width - len(row)) for row in rows])
        x = self.w["encoder.embed.W"][ids]
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        packed_hs, (h, c) = self.encoder(packed)
        hs, _ = nn.utils.rnn.pad_packed_sequence(packed_hs, batch_first=True)
        mask = torch.arange(width)[None] >= lengths[:, None]
        keys = hs
        if config["attention"] == "additive":
            keys = hs @ self.w["decoder.attention.keys.W"] + self.w["decoder.attention.keys.b"]
        states = self.starts(h, c)
        feed = None
        if config["inputFeeding"]:
            feed = torch.zeros(len(rows), config["attentionalSize"] or config["hiddenSize"])
        previous = torch.full((len(rows),), target["begin"])
        forbidden = [target[name] for name in ("pad", "begin", "unknown") if target[name] is not None]
        open_rows = torch.ones(len(rows), dtype=torch.bool)
        written = []
        for _ in range(config["targetLength"] or config["targetLimit"]):
            x = self.w["decoder.embed.W"][previous]
            hidden = x if feed is None else torch.cat((x, feed), -1)
            for layer, cell in enumerate(self.cells):
                states[layer] = cell(hidden, states[layer])
                hidden = states[layer][0]
            parts = [hidden] if config["attention"] == "none" else [self.attend(hidden, keys, hs, mask), hidden]
            combined = torch.cat(parts, -1)
            if config["attentionalSize"]:
                combined = torch.tanh(self.linear("decoder.combine", combined))
            if feed is not None:
                feed = combined if config["attentionalSize"] else parts[0]
            logits = self.linear("decoder.affine", combined)
            logits[:, forbidden] = float("-inf")
            previous = logits.argmax(-1)
            open_rows &= previous != target["end"] if target["end"] is not None else True
            written.append(torch.where(open_rows, previous, -1))
            if not bool(open_rows.any()):
                break
        symbols = target["symbols"]
        return ["".join(symbols[id] for id in row if id >= 0) for row in torch.stack(written, 1).tolist()]


def layer_name(name, layer):
    return name if layer == 0 else name + str(layer + 1)


def reorder(gates):
    """heed's gates are forget, cell, input, output; PyTorch's input, forget, cell, output."""
    forget, cell, given, output = gates.chunk(4)
    return torch.cat((given, forget, cell, output))


def refuse(holds, reason):
    if not holds:
        raise ValueError("a model this program does not know: " + reason)


def main():
    model = Model(sys.argv[1])
    answer({"name": "PyTorch " + torch.__version__})
    for line in sys.stdin:
        request = json.loads(line)
        with open(request["texts"]) as file:
            texts = json.load(file)
        start = time.perf_counter()
        outputs = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        with torch.inference_mode():
            for at in range(0, len(order), request["batch"]):
                places = order[at : at + request["batch"]]
                for place, output in zip(places, model.decode([texts[place] for place in places])):
                    outputs[place] = output
        seconds = time.perf_counter() - start
        with open(request["outputs"], "w") as file:
            json.dump(outputs, file)
        answer({"seconds": seconds})


def answer(reply):
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


main()
