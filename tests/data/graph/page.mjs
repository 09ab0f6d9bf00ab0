// Opens pages of graphs in Chromium as a person would, and tells what it saw. Reads {modules, chromium, files, of} from its standard
// input, `of` being names that the pages are asked for; writes a list of facts, one object for each page. Without `of`, a page is
// only opened, and some of its nodes and edges are chosen.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { modules, chromium: program, files, of } = JSON.parse(readFileSync(0, "utf8"));
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");
const executablePath = program.includes("/") ? program : process.env.PATH.split(":").map((d) => join(d, program)).find(existsSync);
const profile = mkdtempSync(join(tmpdir(), "page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  viewport: { width: 1280, height: 800 },
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const all = [];
try {
  for (const file of files) all.push(await look(file));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
console.log(JSON.stringify(all));

async function look(file) {
  const facts = { requests: [], errors: [] };
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  await page.route("**/*", (route) => {
    if (route.request().url() === url) return route.continue();
    facts.requests.push(route.request().url());
    return route.abort();
  });
  page.on("console", (message) => message.type() === "error" && facts.errors.push(message.text()));
  page.on("pageerror", (error) => facts.errors.push(String(error)));
  page.on("dialog", (dialog) => { facts.errors.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  const begin = Date.now();
  await page.goto(url);
  await page.waitForSelector("#picture > *");
  facts.milliseconds = Date.now() - begin;

  if (!of) {
    for (const kind of ["g.node", "g.line"]) {
      const some = await page.locator(kind).all();
      for (const one of some.slice(0, 12)) await one.dispatchEvent("click");
      facts[kind] = some.length;
    }
    facts.foreign = await page.evaluate(() => [...document.querySelectorAll("body a, body img, body iframe, body object, body form, body video, body foreignObject, body style, body link")].map((e) => e.outerHTML));
    facts.scripts = await page.evaluate(() => document.scripts.length);
    await page.close();
    return facts;
  }

  const drawn = () => page.evaluate(() => ({
    nodes: [...document.querySelectorAll("g.node")].map((g) => g.querySelector("text").textContent),
    edges: [...document.querySelectorAll("g.line title")].map((t) => t.textContent.split("\n")[0]),
    count: document.querySelector("#count").textContent,
    text: document.querySelector("#picture").textContent,
  }));
  const aside = () => page.evaluate(() => document.querySelector("aside").innerText);
  facts.start = await drawn();
  facts.overview = await aside();

  const search = async (words) => { await page.fill("#search", words); return drawn(); };
  facts.found = await search(of.search);
  facts.nothing = await search("nothing is called like this");
  await search("");
  const choose = async (id, label) => {
    await page.selectOption(id, { label });
    const shown = await drawn();
    await page.selectOption(id, "");
    return shown;
  };
  facts.principal = await choose("#principal", of.principal);
  facts.resource = await choose("#resource", of.resource);
  facts.level = await choose("#level", of.level);
  await page.check("#dependencies");
  facts.dependencies = await drawn();
  await page.uncheck("#dependencies");
  facts.again = await drawn();

  // An edge by the mouse, at the middle of its line.
  const middle = await page.evaluate((title) => {
    const line = [...document.querySelectorAll("g.line")].find((g) => g.querySelector("title").textContent.startsWith(title));
    line.scrollIntoView({ block: "center", inline: "center" });
    const path = line.querySelector("path.hit"), at = path.getPointAtLength(path.getTotalLength() / 2), m = path.getScreenCTM();
    return { x: at.x * m.a + m.e, y: at.y * m.d + m.f };
  }, of.edge);
  await page.mouse.click(middle.x, middle.y);
  facts.clicked = await aside();

  // The same by keys alone: to a node, into its list, to an edge.
  const focused = () => page.evaluate(() => {
    const e = document.activeElement;
    return { node: e.closest?.("g.node")?.querySelector("text").textContent ?? null, inAside: !!e.closest("aside"), text: e.textContent };
  });
  const tab = async (until) => {
    for (let i = 0; i < 400; i++) { await page.keyboard.press("Tab"); if (until(await focused())) return true; }
    return false;
  };
  await page.focus("#search");
  facts.keysReachNode = await tab((f) => f.node === of.node);
  await page.keyboard.press("Enter");
  facts.nodeByKeys = await aside();
  // What a node leads to is the next thing, however many nodes there are.
  facts.keysReachEdge = await tab((f) => f.inAside && f.text.includes(of.leadsTo));
  await page.keyboard.press("Enter");
  facts.edgeByKeys = await aside();

  // Every name stays within its box, and no two boxes lie over each other.
  const overlaps = () => page.evaluate(() => {
    const boxes = [...document.querySelectorAll("g.node")].map((g) => ({ r: g.querySelector("rect").getBoundingClientRect(), texts: [...g.querySelectorAll("text")].map((t) => t.getBoundingClientRect()) }));
    const bad = [];
    for (const { r, texts } of boxes) for (const t of texts) if (t.right > r.right + 1 || t.left < r.left - 1) bad.push("a name is wider than its box");
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
      const a = boxes[i].r, b = boxes[j].r;
      if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) bad.push("two nodes overlap");
    }
    return bad;
  });
  facts.overlaps = await overlaps();
  facts.narrow = [];
  for (const width of [1280, 700, 380]) {
    await page.setViewportSize({ width, height: 700 });
    // The page itself never scrolls sideways; the picture within it may.
    facts.narrow.push(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth));
  }
  await page.close();
  return facts;
}
