/** What the first screen does without, in one piece that is loaded right after it. */
import "./ui/pictures";

export { default as Inside } from "./Inside.svelte";
export { default as Elsewhere } from "./screens/Elsewhere.svelte";
export { default as Ended } from "./screens/Ended.svelte";
export { default as Scanner } from "./screens/Scanner.svelte";
export { default as Start } from "./screens/Start.svelte";
export { default as WrongLink } from "./screens/WrongLink.svelte";
export { default as News } from "./ui/News.svelte";
