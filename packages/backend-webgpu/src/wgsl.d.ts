/** A shader file imports as its text: the build inlines it, and tests read it with a plugin. */
declare module "*.wgsl" {
  const source: string;
  export default source;
}
