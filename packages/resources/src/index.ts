export type * from "./specs/index.js";
