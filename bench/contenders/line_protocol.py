"""The side of a contender, as contenders/serve.ts is for JavaScript: requests in, answers out."""

import json
import sys
import time

import numpy as np


def serve(hello, attention, training=None, family=None):
    """Answers requests until standard input ends.

    attention(sizes, (hsEnc, hsDec, dout)) and training(model, pairs) give ways by name: functions that
    make (call, result), where call() does the work once and result() does it once and gives
    (out, dhsEnc, dhsDec), or a dictionary of facts. family(call, (query, keys, values, dContext)) does so
    for a call of the whole family, arrays (N, H, T, D), and gives context, dQuery, dKeys, dValues.
    """
    answer(hello)
    ready = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(respond(request, ready, attention, training, family))
        except Exception as error:
            answer({"failed": message(error)})


def respond(request, ready, attention, training, family):
    task = request["do"]
    if task == "attention":
        sizes = request["sizes"]
        return {"ways": make_all(attention(sizes, read(request["inputs"], sizes)), ready, request["results"])}
    if task == "family":
        call, only = request["call"], request.get("only")
        ways = family(call, read_call(request["inputs"], call)) if family else {}
        wanted = {name: way for name, way in ways.items() if only in (None, name)}
        return {"ways": make_all(wanted, ready, request.get("results"), request.get("prefix", ""))}
    if task == "training":
        ways = training(request["model"], request["pairs"]) if training else {}
        return {"ways": make_all(ways, ready, None)}
    if task == "time":
        return {"milliseconds": measure(ready[request["way"]], request["seconds"])}
    if task == "release":
        ready.clear()
        return {}
    raise ValueError("no task " + task)


def make_all(ways, ready, results, prefix=""):
    made = []
    for name, make in ways.items():
        try:
            call, result = make()
            found = result()
            ready[prefix + name] = call
            if isinstance(found, dict):
                made.append({"way": name, "facts": found})
                continue
            if results is None:
                made.append({"way": name})
                continue
            path = "%s.%d" % (results, len(made))
            with open(path, "wb") as file:
                for each in found:
                    # A truth is float64.
                    dtype = np.float64 if each.dtype == np.float64 else np.float32
                    file.write(np.ascontiguousarray(each, dtype=dtype).tobytes())
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


def read_call(path, call):
    N, D = call["batch"], call["size"]
    steps = call["steps"] + bool(call.get("cached"))
    query, keys = (N, call["heads"], call["queries"], D), (N, call["keyHeads"], steps, D)
    numbers, parts = np.fromfile(path, dtype=np.float32), []
    for shape in (query, keys, keys, query):
        length = int(np.prod(shape))
        parts.append(numbers[:length].reshape(shape).copy())
        numbers = numbers[length:]
    return parts


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
