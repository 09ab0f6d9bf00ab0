// Renders GitHub's Markdown and reads HTML, and says what elements come of it: the judge of tests/suite/hostile_text.rs.
//
// Input: {"modules": folder, "markdown": [text…], "html": [text…]}. Output: for each, the elements in the order in which
// they begin, each with its attributes, and the text.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const input = JSON.parse(readFileSync(0, 'utf8'));
const require = createRequire(path.join(input.modules, 'x.js'));
const load = async (name) => (await import(pathToFileURL(require.resolve(name)))).default;
const { unified } = await import(pathToFileURL(require.resolve('unified')));
const names = ['remark-parse', 'remark-gfm', 'remark-github', 'remark-gemoji', 'remark-math', 'remark-rehype', 'rehype-raw',
  'rehype-sanitize', 'rehype-parse'];
const [parse, gfm, github, gemoji, math, rehype, raw, sanitize, parseHtml] = await Promise.all(names.map(load));

// As GitHub: references become links, HTML is parsed, what is not allowed is dropped.
const markdown = unified()
  .use(parse).use(gfm).use(math).use(gemoji).use(github, { repository: 'owner/repository', mentionStrong: false })
  .use(rehype, { allowDangerousHtml: true }).use(raw).use(sanitize);
const html = unified().use(parseHtml);

function inspect(tree) {
  const elements = [];
  let text = '';
  const walk = (node) => {
    if (node.type === 'element') elements.push([node.tagName, node.properties ?? {}]);
    if (node.type === 'text') text += node.value;
    (node.children ?? []).forEach(walk);
    if (node.content) walk(node.content);
  };
  walk(tree);
  return { elements, text };
}

const answer = {
  markdown: input.markdown.map((text) => inspect(markdown.runSync(markdown.parse(text)))),
  html: input.html.map((text) => inspect(html.parse(text))),
};
process.stdout.write(JSON.stringify(answer));
