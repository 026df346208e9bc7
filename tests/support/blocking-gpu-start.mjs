// Node runs TypeScript in a worker only with this.
import { register } from "tsx/esm/api";

register();
await import("./blocking-gpu-worker.ts");
