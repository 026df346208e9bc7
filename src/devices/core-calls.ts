import type { Storage } from "../core/storage.ts";
import type { CoreKernels } from "../kernels/family.ts";
import { at, bit, type Export, orNull } from "./addresses.ts";
import { attendCalls } from "./attend-calls.ts";
import { attentionCalls } from "./attention-calls.ts";

type Calls = CoreKernels<Storage, Storage>;

/** The part of the contract that every device begins with, as `kernelCalls`. */
export function coreCalls(run: Readonly<Record<keyof Calls, Export>>, settle: () => void): Calls {
  return {
    ...attentionCalls(run, settle),
    ...attendCalls(run, settle),
    fill(y, value, length) {
      run.fill(at(y), value, length);
      settle();
    },
    copy(x, y, length) {
      run.copy(at(x), at(y), length);
      settle();
    },
    add(a, b, y, length) {
      run.add(at(a), at(b), at(y), length);
      settle();
    },
    multiply(a, b, y, length) {
      run.multiply(at(a), at(b), at(y), length);
      settle();
    },
    scale(x, factor, y, length) {
      run.scale(at(x), factor, at(y), length);
      settle();
    },
    maskSteps(x, lengths, y, batch, steps, size) {
      run.maskSteps(at(x), at(lengths), at(y), batch, steps, size);
      settle();
    },
    sum(x, y, length) {
      run.sum(at(x), at(y), length);
      settle();
    },
    sumRows(x, y, rows, columns, accumulate) {
      run.sumRows(at(x), at(y), rows, columns, bit(accumulate));
      settle();
    },
    norm(x, total, length, accumulate) {
      run.norm(at(x), at(total), length, bit(accumulate));
      settle();
    },
    clipToNorm(x, total, limit, length) {
      run.clipToNorm(at(x), at(total), limit, length);
      settle();
    },
    argmax(x, y, rows, columns) {
      run.argmax(at(x), at(y), rows, columns);
      settle();
    },
    matmul(a, b, bias, c, rows, columns, inner, transposeA, transposeB, accumulate) {
      run.matmul(
        at(a),
        at(b),
        orNull(bias),
        at(c),
        rows,
        columns,
        inner,
        bit(transposeA),
        bit(transposeB),
        bit(accumulate),
      );
      settle();
    },
    softmaxForward(x, y, rows, columns) {
      run.softmaxForward(at(x), at(y), rows, columns);
      settle();
    },
    softmaxBackward(y, dy, dx, rows, columns) {
      run.softmaxBackward(at(y), at(dy), at(dx), rows, columns);
      settle();
    },
    lstmForward(gates, wh, h0, c0, lengths, hs, cs, hLast, cLast, batch, steps, hidden, reverse) {
      run.lstmForward(
        at(gates),
        at(wh),
        orNull(h0),
        orNull(c0),
        orNull(lengths),
        at(hs),
        at(cs),
        at(hLast),
        at(cLast),
        batch,
        steps,
        hidden,
        bit(reverse),
      );
      settle();
    },
    lstmBackward(
      gates,
      wh,
      h0,
      c0,
      lengths,
      hs,
      cs,
      dhs,
      dhLast,
      dcLast,
      dGates,
      dh0,
      dc0,
      dwh,
      batch,
      steps,
      hidden,
      reverse,
    ) {
      run.lstmBackward(
        at(gates),
        at(wh),
        orNull(h0),
        orNull(c0),
        orNull(lengths),
        at(hs),
        at(cs),
        at(dhs),
        orNull(dhLast),
        orNull(dcLast),
        at(dGates),
        at(dh0),
        at(dc0),
        at(dwh),
        batch,
        steps,
        hidden,
        bit(reverse),
      );
      settle();
    },
    embeddingForward(table, ids, y, count, size) {
      run.embeddingForward(at(table), at(ids), at(y), count, size);
      settle();
    },
    embeddingBackward(ids, dy, dTable, count, size) {
      run.embeddingBackward(at(ids), at(dy), at(dTable), count, size);
      settle();
    },
    softmaxCrossEntropyForward(
      logits,
      targets,
      ignored,
      smoothing,
      probabilities,
      losses,
      rows,
      columns,
    ) {
      run.softmaxCrossEntropyForward(
        at(logits),
        at(targets),
        ignored,
        smoothing,
        at(probabilities),
        at(losses),
        rows,
        columns,
      );
      settle();
    },
    softmaxCrossEntropyBackward(
      probabilities,
      targets,
      ignored,
      smoothing,
      factor,
      dLogits,
      rows,
      columns,
    ) {
      run.softmaxCrossEntropyBackward(
        at(probabilities),
        at(targets),
        ignored,
        smoothing,
        factor,
        at(dLogits),
        rows,
        columns,
      );
      settle();
    },
    dropout(x, y, seed, stream, threshold, factor, length) {
      run.dropout(at(x), at(y), seed, stream, threshold, factor, length);
      settle();
    },
    adamStep(
      x,
      gradient,
      m,
      v,
      loss,
      norm,
      rate,
      beta1,
      beta2,
      epsilon,
      correction1,
      correction2,
      length,
    ) {
      run.adamStep(
        at(x),
        at(gradient),
        at(m),
        at(v),
        orNull(loss),
        orNull(norm),
        rate,
        beta1,
        beta2,
        epsilon,
        correction1,
        correction2,
        length,
      );
      settle();
    },
  };
}
