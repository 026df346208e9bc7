import { draw } from "./drawing.ts";

console.log(JSON.stringify(draw()));
