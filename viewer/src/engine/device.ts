import { currentDevice, openDevice, useDevice } from "heed";

let opened: Promise<void> | null = null;

/**
 * Computes on the GPU or on the processor from here on, once per worker.
 *
 * @returns the device in a line: the build in use, its threads
 */
export async function openCompute(compute: string | null, threads: number): Promise<string> {
  opened ??= open(compute, threads);
  await opened;
  return currentDevice().description;
}

async function open(compute: string | null, threads: number): Promise<void> {
  const onProcessor = () => openDevice("wasm", { threads });
  const onGpu = () => openDevice("webgpu");
  // Who asks for the GPU is told why there is none.
  const device =
    compute === "gpu"
      ? onGpu()
      : compute === null && (await hasGpu())
        ? onGpu().catch(onProcessor)
        : onProcessor();
  useDevice(await device);
}

/** Whether there is a GPU, rather than a processor that plays one. */
async function hasGpu(): Promise<boolean> {
  const adapter = await navigator.gpu?.requestAdapter();
  return adapter?.info.isFallbackAdapter === false;
}
