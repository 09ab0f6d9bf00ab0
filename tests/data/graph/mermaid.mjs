// Reads diagrams as GitHub does, by Mermaid itself, in Chromium. Reads {modules, chromium, texts} from its standard input; writes for each
// diagram its error, or the texts of the nodes and edges that were drawn and what is in the drawing that should not be.
import { createRequire } from "node:module";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { modules, chromium: program, texts } = JSON.parse(readFileSync(0, "utf8"));
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");
const executablePath = program.includes("/") ? program : process.env.PATH.split(":").map((d) => join(d, program)).find(existsSync);
const profile = mkdtempSync(join(tmpdir(), "mermaid-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const results = [];
try {
  const page = await context.newPage();
  const requests = [];
  await page.route("**/*", (route) => { requests.push(route.request().url()); return route.abort(); });
  await page.setContent("<!doctype html><body></body>");
  await page.addScriptTag({ content: readFileSync(join(modules, "mermaid/dist/mermaid.min.js"), "utf8") });
  await page.evaluate(() => mermaid.initialize({ startOnLoad: false, securityLevel: "strict", maxEdges: 500, maxTextSize: 200000 }));
  for (const text of texts) {
    const one = await page.evaluate(async (text) => {
      try {
        const { svg } = await mermaid.render("picture", text);
        const body = new DOMParser().parseFromString(svg, "text/html");
        const said = (what) => [...body.querySelectorAll(what)].map((e) => e.textContent.trim());
        const foreign = [...body.querySelectorAll("script, a, img, iframe, object, form, input, video, audio, link")].map((e) => e.localName);
        const obeyed = [...body.querySelectorAll("*")].flatMap((e) => [...e.attributes]).filter((a) => a.name.startsWith("on") || /javascript:/i.test(a.value)).map((a) => `${a.name}=${a.value}`);
        return { error: null, nodes: said("g.node .nodeLabel"), edges: said(".edgeLabel .label"), foreign: [...foreign, ...obeyed] };
      } catch (error) {
        return { error: String(error) };
      }
    }, text);
    results.push(one);
  }
  for (const url of requests) results.push({ error: `a request for ${url}` });
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
console.log(JSON.stringify(results));
