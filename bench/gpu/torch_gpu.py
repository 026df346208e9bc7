"""PyTorch on a GPU, at the sizes of gpu/sizes.ts: requests in, times out, a line of JSON each.

usage: python3 torch_gpu.py cuda|cpu

    {"do": "matmul", "size": 4096, "transposeA": false, "transposeB": false, "pace": {...}}
    {"do": "attention", "steps": 4096, "heads": 8, "size": 64, "backward": true, "pace": {...}}
    {"do": "training", "model": FILE, "pairs": FILE, "pace": {...}}

Everything is float32 without TF32, as heed's is. pace is that of gpu/timing.ts: how many milliseconds a round takes,
and how many rounds there are at least and at most.
"""

import json
import math
import os
import sys
import time

import torch
import torch.nn.functional as F

# The script's own folder is not where its peers' parts are.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contenders"))

MOST_REPEATS = 20000

device = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cuda")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.set_float32_matmul_precision("highest")


def synchronize():
    if device.type == "cuda":
        torch.cuda.synchronize()


def measure(call, pace):
    """Milliseconds of a call, per round: as timeRounds of gpu/timing.ts does it."""

    def taken(times):
        synchronize()
        start = time.perf_counter()
        for _ in range(times):
            call()
        synchronize()
        return (time.perf_counter() - start) * 1e3

    taken(1)
    times = 1
    while True:
        elapsed = taken(times)
        enough = min(math.ceil(times * pace["slice"] / max(elapsed, 1e-3)), MOST_REPEATS)
        if elapsed >= pace["slice"] / 2 or times == MOST_REPEATS:
            times = enough
            break
        times = min(enough, 10 * times)
    rounds = []
    while len(rounds) < pace["most"] and not (len(rounds) >= pace["least"] and stable(rounds)):
        rounds.append(taken(times) / times)
    return rounds


def stable(rounds):
    ordered = sorted(rounds)

    def quartile(share):
        return ordered[math.floor(share * (len(ordered) - 1) + 0.5)]

    error = 0.93 * (quartile(0.75) - quartile(0.25)) / math.sqrt(len(ordered))
    return error <= 0.01 * quartile(0.5)


def random(*shape):
    return torch.randn(*shape, device=device)


def matmul(request):
    n = request["size"]
    a, b = random(n, n), random(n, n)
    a = a.T if request["transposeA"] else a
    b = b.T if request["transposeB"] else b

    def call():
        with torch.no_grad():
            return a @ b

    return {"matmul": lambda: call}


def eager(query, keys, values):
    return torch.softmax(query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1]), -1) @ values


def attention(request):
    shape = (1, request["heads"], request["steps"], request["size"])

    def way(forward):
        def make():
            inputs = [random(*shape) for _ in range(4)]
            if not request["backward"]:

                def call():
                    with torch.no_grad():
                        return forward(*inputs[:3])

                return call
            learning = [each.requires_grad_() for each in inputs[:3]]

            def both():
                return torch.autograd.grad(forward(*learning), learning, inputs[3])

            return both

        return make

    return {"eager": way(eager), "scaled_dot_product_attention": way(F.scaled_dot_product_attention)}


def training(request):
    # Only this part needs numpy, by which the model's file is read.
    from torch_date_model import load

    with open(request["pairs"].replace(".json", ".ids.json")) as file:
        ids = json.load(file)
    sources = torch.tensor(ids["sources"], device=device)
    targets = torch.tensor(ids["targets"], device=device)
    begin = torch.full((len(targets), 1), ids["begin"], device=device)
    inputs = torch.cat((begin, targets[:, :-1]), 1)

    def way(fused, told):
        def make():
            model = load(request["model"]).to(device)
            learned = [each for each in model.parameters() if each.requires_grad]
            optimiser = torch.optim.Adam(learned, lr=0.001, eps=1e-8, fused=fused)

            def step():
                optimiser.zero_grad()
                logits = model(sources, inputs)
                loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
                loss.backward()
                norm = torch.nn.utils.clip_grad_norm_(learned, 5)
                optimiser.step()
                return (loss.item(), norm.item()) if told else None

            return step

        return make

    # Not False: that would take the choice of several parameters at a time from PyTorch as well.
    return {
        "eager": way(None, True),
        "eager, fused Adam": way(True, True),
        "eager, fused Adam, loss not read": way(True, False),
    }


PARTS = {"matmul": matmul, "attention": attention, "training": training}


def respond(request):
    ways = []
    for name, make in PARTS[request["do"]](request).items():
        try:
            ways.append({"way": name, "rounds": measure(make(), request["pace"])})
        except Exception as error:
            ways.append({"way": name, "failed": message(error)})
        if device.type == "cuda":
            # What this one kept must not be what the next, or heed, lacks.
            torch.cuda.empty_cache()
    return {"ways": ways}


def message(error):
    return (str(error) or type(error).__name__).strip().split("\n")[0]


def answer(reply):
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def main():
    if device.type == "cuda" and not torch.cuda.is_available():
        answer({"failed": "PyTorch " + torch.__version__ + " finds no GPU by CUDA"})
        return
    where = "the processor"
    if device.type == "cuda":
        where = "CUDA %s, %s" % (torch.version.cuda, torch.cuda.get_device_name())
    answer({"name": "PyTorch " + torch.__version__, "details": where})
    for line in sys.stdin:
        try:
            answer(respond(json.loads(line)))
        except Exception as error:
            answer({"failed": message(error)})


main()
