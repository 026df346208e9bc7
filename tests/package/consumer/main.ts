import { attendEverywhere } from "./program.ts";

console.log(JSON.stringify(await attendEverywhere()));
