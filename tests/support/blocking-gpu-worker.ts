import { parentPort, workerData } from "node:worker_threads";
import { serveGpu } from "./blocking-gpu-server.ts";
import { openTestGpu } from "./webgpu.ts";

parentPort?.on("message", serveGpu(openTestGpu(workerData)));
