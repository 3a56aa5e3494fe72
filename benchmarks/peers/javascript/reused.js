import { setReusableSandboxOptions } from "fastly:experimental";
import { handle } from "./handle.js";

setReusableSandboxOptions({ maxRequests: 0, betweenRequestTimeoutMs: 2000 });
addEventListener("fetch", handle);
