import { handle } from "./handle.js";

addEventListener("fetch", handle);
