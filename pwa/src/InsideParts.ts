/** What only members see, in one piece that is loaded after the first screen. */
import "./ui/pictures";

export { default as Inside } from "./Inside.svelte";
export { default as News } from "./ui/News.svelte";
