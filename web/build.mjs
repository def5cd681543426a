// Bundles the browser client into ../stream/web_dist, where the page server looks for it.
import { context, build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const out = fileURLToPath(new URL("../stream/web_dist/", import.meta.url));
const options = {
  entryPoints: ["src/main.ts"],
  bundle: true,
  minify: true,
  sourcemap: true,
  target: "es2022",
  format: "esm",
  outfile: `${out}main.js`,
  logLevel: "warning",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await cp("index.html", `${out}index.html`);
await cp("src/style.css", `${out}style.css`);
if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  await build(options);
}
