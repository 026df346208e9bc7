import { describe, expect, it } from "vitest";
import { GPU_FLAGS } from "../support/gpu-flags.ts";
import { house, NO_BROWSER } from "./visit.ts";

/** Kernels are compiled when they are first used, which takes a GPU in software seconds. */
const PATIENCE = { timeout: 120_000 };

describe.skipIf(NO_BROWSER !== null)("the page, where there is a GPU", () => {
  const { visit } = house(() => [], GPU_FLAGS);

  it("reads on it, and says so", async () => {
    const { page, complaints, requests } = await visit("?compute=gpu#/read?text=june+27%2C+1990");
    const output = page.getByRole("status", { name: "Output" });
    await expect.poll(() => output.innerText(), PATIENCE).toBe("1990-06-27");
    await page.getByText("WebGPU, google swiftshader").waitFor();
    expect(requests.filter((url) => url.includes("webgpu-device"))).toHaveLength(1);
    expect(complaints).toEqual([]);
  }, 150_000);

  it("trains on it, says so, and leads to the processor", async () => {
    const { page, complaints } = await visit("?compute=gpu#/train");
    await page.getByRole("combobox", { name: "Pairs" }).selectOption("roman");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("WebGPU, google swiftshader").waitFor(PATIENCE);
    const bar = page.getByRole("progressbar", { name: "Steps of training" });
    await expect
      .poll(async () => Number(await bar.getAttribute("value")), PATIENCE)
      .toBeGreaterThan(0);
    await page.getByRole("link", { name: "use processor" }).click();
    await page.waitForURL("**/?compute=processor#/train");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("WebAssembly, ").waitFor();
    expect(complaints).toEqual([]);
  }, 300_000);

  it("takes the processor where what plays the GPU is one too", async () => {
    const { page, requests } = await visit("#/read?text=june+27%2C+1990");
    await page.getByText("WebAssembly, ").waitFor();
    expect(requests.filter((url) => url.includes("webgpu-device"))).toEqual([]);
  });
});

describe.skipIf(NO_BROWSER !== null)("the page, where there is none", () => {
  const { visit } = house();

  it("tells who asks for it", async () => {
    const { page } = await visit("?compute=gpu#/read?text=june+27%2C+1990");
    await page.getByText('openDevice("webgpu"): expected WebGPU, got').waitFor();
  });
});
