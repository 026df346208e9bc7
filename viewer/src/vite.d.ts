/** What Vite makes of imports that are no modules. */
declare module "*.css" {}
declare module "*?raw" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: that is how Vite gives it
  export default text;
}
