/** The guide's text in one language, made by build/guide/plugin.ts. The first page comes first. */
declare module "virtual:guide-*" {
  /** A text, or an element: its name, its attributes, and what is in it. */
  export type Node = string | [name: string, attributes: Record<string, string>, ...children: Node[]];
  const pages: { slug: string; title: string; text: Node[] }[];
  export default pages;
}
