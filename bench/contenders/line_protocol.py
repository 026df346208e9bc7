"""The side of a contender, as contenders/serve.ts is for JavaScript: requests in, answers out."""

import json
import sys
import time

import numpy as np


def serve(hello, attention, training=None):
    """Answers requests until standard input ends.

    attention(sizes, (hsEnc, hsDec, dout)) and training(model, pairs) give ways by name: functions that
    make (call, result), where call() does the work once and result() does it once and gives
    (out, dhsEnc, dhsDec), or a dictionary of facts.
    """
    answer(hello)
    ready = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(respond(request, ready, attention, training))
        except Exception as error:
            answer({"failed": message(error)})


def respond(request, ready, attention, training):
    task = request["do"]
    if task == "attention":
        sizes = request["sizes"]
        return {"ways": make_all(attention(sizes, read(request["inputs"], sizes)), ready, request["results"])}
    if task == "training":
        ways = training(request["model"], request["pairs"]) if training else {}
        return {"ways": make_all(ways, ready, None)}
    if task == "time":
        return {"milliseconds": measure(ready[request["way"]], request["seconds"])}
    if task == "release":
        ready.clear()
        return {}
    raise ValueError("no task " + task)


def make_all(ways, ready, results):
    made = []
    for name, make in ways.items():
        try:
            call, result = make()
            found = result()
            ready[name] = call
            if isinstance(found, dict):
                made.append({"way": name, "facts": found})
                continue
            path = "%s.%d" % (results, len(made))
            with open(path, "wb") as file:
                for each in found:
                    file.write(np.ascontiguousarray(each, dtype=np.float32).tobytes())
            made.append({"way": name, "results": path})
        except Exception as error:
            made.append({"way": name, "failed": message(error)})
    return made


def read(path, sizes):
    N, Td, Te, H = sizes
    numbers = np.fromfile(path, dtype=np.float32)
    encoder, decoder = N * Te * H, N * Td * H
    parts = numbers[:encoder], numbers[encoder : encoder + decoder], numbers[encoder + decoder :]
    return [part.reshape(N, -1, H).copy() for part in parts]


def measure(call, seconds):
    """Median milliseconds of one call over about `seconds` of them, as in serve.ts."""
    times, calls = [], 1
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        elapsed = time.perf_counter() - start
        if elapsed >= 1e-3:
            times.append(elapsed / calls)
        else:
            calls *= 4
            times.clear()  # batches so short as the last say little
    # The first batch finds cold caches: others have computed in between.
    kept = sorted(times[1:] if len(times) > 2 else times)
    return kept[len(kept) // 2] * 1e3


def answer(reply):
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def message(error):
    return (str(error) or type(error).__name__).strip().split("\n")[0]
