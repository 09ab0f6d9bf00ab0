#!/usr/bin/env node
// Makes the pictures of docs/images: the page of the access graph, and its Mermaid diagram, for three examples. Run by a person after the page
// or an example has changed, in the project's folder, with a built binary:
//
//     npm install --prefix /tmp/pictures --ignore-scripts playwright-core mermaid
//     node scripts/screenshots.mjs /tmp/pictures/node_modules target/debug/iam-preflight
//
// It needs these two packages and Chromium (`IAM_PREFLIGHT_CHROMIUM`, by default /usr/bin/chromium). A third argument is another folder for the
// pictures. Nothing is loaded from anywhere.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, binary, folder = "docs/images"] = process.argv.slice(2);
if (!binary) {
  console.error("usage: node scripts/screenshots.mjs NODE_MODULES BINARY [FOLDER]");
  process.exit(2);
}
// What of each example the picture shows: an edge by the beginning of its title, or a node.
const EXAMPLES = [
  { name: "graph", input: "examples/graph/template.yaml", edge: "can-assume: Ann → AuditRole", scheme: "light" },
  { name: "escalation", input: "examples/escalation/template.yaml", edge: "passes-role-to: Pipeline → Reports", scheme: "dark" },
  { name: "external-access", input: "examples/external-access/template.yaml", edge: "grants: * → Documents", scheme: "light" },
];
const { chromium } = createRequire(join(resolve(modules), "x.js"))("playwright-core");
const graph = (input, format) => execFileSync(binary, ["graph", input, "--format", format], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const scratch = mkdtempSync(join(tmpdir(), "pictures-"));
const context = await chromium.launchPersistentContext(join(scratch, "profile"), {
  executablePath: process.env.IAM_PREFLIGHT_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  mkdirSync(folder, { recursive: true });
  const page = await context.newPage();
  for (const { name, input, edge, scheme } of EXAMPLES) {
    await page.emulateMedia({ colorScheme: scheme });
    const file = join(scratch, `${name}.html`);
    writeFileSync(file, graph(input, "html"));
    await page.setViewportSize({ width: 1400, height: 540 });
    await page.goto(pathToFileURL(file).href);
    await page.locator("g.line", { hasText: edge }).first().dispatchEvent("click");
    await save(page, `page-${name}.png`);

    // The page lets no other script run, so the diagram has one of its own.
    await page.goto("about:blank");
    await page.setContent('<!doctype html><body style="margin:16px;background:#fff"><div id="out"></div></body>');
    await page.addScriptTag({ content: readFileSync(join(modules, "mermaid/dist/mermaid.min.js"), "utf8") });
    await page.emulateMedia({ colorScheme: "light" });
    await page.evaluate(async (text) => {
      mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
      document.querySelector("#out").innerHTML = (await mermaid.render("picture", text)).svg;
    }, graph(input, "mermaid"));
    await page.setViewportSize({ width: 1400, height: 400 });
    await save(page.locator("#out svg"), `mermaid-${name}.png`);
  }
} finally {
  await context.close();
  rmSync(scratch, { recursive: true, force: true });
}

async function save(what, name) {
  const path = join(folder, name);
  await what.screenshot({ path });
  console.log(`${path}: ${Math.round(statSync(path).size / 1024)} KiB`);
}
