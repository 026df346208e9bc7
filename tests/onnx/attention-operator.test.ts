import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseCase } from "../../scripts/conformance/case-file.ts";
import { runCase } from "../../scripts/conformance/run-case.ts";
import type { Device } from "../../src/index.ts";
import { openDevices } from "../support/devices.ts";
import { missing, sharedPath } from "../support/shared-files.ts";
import { asText, HAND_MADE } from "./hand-made-cases.ts";

const OFFICIAL = "golden/onnx-attention";

/** What is wrong with each output of a case. */
async function complaintsOf(text: string, device: Device): Promise<string[]> {
  const reports = await runCase(parseCase(text), device);
  expect(reports).not.toEqual([]);
  return reports.flatMap(({ name, complaint }) =>
    complaint === null ? [] : `${name} ${complaint}`,
  );
}

for (const { name: label, dtype, device } of openDevices()) {
  // Files say of which type their numbers are: float64 goes to the reference device by itself.
  if (dtype === "float64") continue;
  describe(`the operator on ${label}`, () => {
    it.each(Object.entries(HAND_MADE))("%s", async (_claim, handMade) => {
      expect(await complaintsOf(asText(handMade), device)).toEqual([]);
    });
  });

  const absent = missing(OFFICIAL);
  describe.skipIf(absent)(`official cases on ${label}${absent ? `: ${absent}` : ""}`, () => {
    const files = absent === undefined ? readdirSync(sharedPath(OFFICIAL)) : [];
    it.each(files.filter((file) => file.endsWith(".json")))("%s", async (file) => {
      const text = readFileSync(sharedPath(`${OFFICIAL}/${file}`), "utf8");
      expect(await complaintsOf(text, device)).toEqual([]);
    });
  });
}
