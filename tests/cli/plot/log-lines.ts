/** Lines of a log as `heed train` writes it: `steps` steps, an epoch of `stepsPerEpoch`, learning. */
export function logLines(steps: number, stepsPerEpoch: number, speed = 100): string[] {
  const lines = ['{"type":"start","seed":1}'];
  for (let step = 1; step <= steps; step++) {
    lines.push(stepLine(step, { loss: 3 / step, pairsPerSecond: speed, seconds: step / speed }));
    if (step % stepsPerEpoch === 0) lines.push(epochLine(step, 1 - 1 / step));
  }
  return lines;
}

/** The line of a step. */
export function stepLine(step: number, fields: Readonly<Record<string, unknown>> = {}): string {
  const usual = {
    epoch: 1,
    loss: 1,
    rate: 0.001,
    gradientNorm: 2,
    pairsPerSecond: 9,
    seconds: step,
  };
  return JSON.stringify({ type: "step", step, ...usual, ...fields });
}

/** The line of an epoch. */
export function epochLine(step: number, exactMatch: number): string {
  const measured = { exactMatch, symbolErrorRate: (1 - exactMatch) / 2 };
  return JSON.stringify({ type: "epoch", epoch: 1, step, loss: 1, ...measured, seconds: step });
}
