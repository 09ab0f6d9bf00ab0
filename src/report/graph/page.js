"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const LIMIT = 300;
  const nodes = new Map(data.nodes.map((n) => [n.id, n]));
  const outgoing = new Map(), incoming = new Map();
  const put = (map, key, value) => (map.get(key) || map.set(key, []).get(key)).push(value);
  data.edges.forEach((e) => { put(outgoing, e.from, e); put(incoming, e.to, e); });

  // Text from templates goes into the page as text, never as markup.
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value != null) element.setAttribute(key, value);
    }
    element.append(...children.filter((c) => c != null));
    return element;
  };
  const draw = (name, attributes = {}, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  const COLUMNS = [
    ["Outside", ["anyone", "external-account", "external-principal", "identity-provider", "service", "account"]],
    ["Users and groups", ["user", "group", "permission-set"]],
    ["Roles", ["role"]],
    ["Policies", ["policy"]],
    ["Resources", ["resource", "other-resource"]],
  ];
  const column = (node) => Math.max(0, COLUMNS.findIndex(([, kinds]) => kinds.includes(node.kind)));
  const STRIPE = ["outside", "principal", "principal", "policy", "resource"];
  // Text that fits into a width. Of an ARN, what names the thing stands at the end.
  const ruler = document.createElement("canvas").getContext("2d");
  const cut = (text, width, font, short) => {
    ruler.font = font;
    const wide = (t) => ruler.measureText(t).width > width;
    if (!wide(text)) return text;
    if (short && !wide(short)) return short;
    const isArn = text.startsWith("arn:"), letters = [...text];
    let low = 0, high = letters.length;
    const part = (n) => (isArn ? `…${letters.slice(letters.length - n).join("")}` : `${letters.slice(0, n).join("")}…`);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (wide(part(middle))) high = middle - 1;
      else low = middle;
    }
    return part(low);
  };

  const state = { search: "", principal: "", resource: "", level: "", dependencies: false, node: null, edge: null };

  const reach = (start, map, end) => {
    const seen = new Set([start]), queue = [start];
    while (queue.length) {
      for (const edge of map.get(queue.shift()) || []) {
        if (edge.kind === "depends-on" || edge.kind === "trusts") continue;
        if (!seen.has(edge[end])) { seen.add(edge[end]); queue.push(edge[end]); }
      }
    }
    return seen;
  };

  const shown = () => {
    const from = state.principal && reach(state.principal, outgoing, "to");
    const to = state.resource && reach(state.resource, incoming, "from");
    const words = state.search.toLowerCase();
    const found = (n) => [n.name, n.type, n.arn, n.kind].some((t) => t && t.toLowerCase().includes(words));
    const says = (e) => [e.policy, e.statementId, ...e.actions].some((t) => t && t.toLowerCase().includes(words));
    return data.edges.filter((e) => {
      if (e.kind === "depends-on" && !state.dependencies) return false;
      if (from && !(from.has(e.from) && from.has(e.to))) return false;
      if (to && !(to.has(e.from) && to.has(e.to))) return false;
      if (state.level && !e.accessLevels.includes(state.level)) return false;
      return !words || found(nodes.get(e.from)) || found(nodes.get(e.to)) || says(e);
    });
  };

  const place = (l) => (l ? `${l.file}${l.start ? `:${l.start.line}:${l.start.column}` : ""}` : null);
  const row = (list, name, value, kind) => {
    if (value == null || value === "" || (Array.isArray(value) && !value.length)) return;
    const content = kind === "code" ? make("pre", {}, value) : Array.isArray(value) ? value.join(", ") : value;
    list.append(make("dt", {}, name), make("dd", {}, content));
  };
  const said = (when) => when && Object.entries(when).map(([name, is]) => (is ? "" : "not ") + name).join(" and ");

  const legend = () => {
    const row = (kind, text) => {
      const svg = draw("svg", { viewBox: "0 0 34 12", "aria-hidden": "true" });
      svg.append(draw("g", { class: `line ${kind}` }, draw("path", { class: "edge", d: "M1 6 L33 6" })));
      return [svg, make("span", {}, text)];
    };
    return make("div", { class: "legend soft" }, ...row("", "allows, assumes, has, runs"), ...row("trusts", "a trust policy names"), ...row("idle", "not in effect"));
  };

  const aside = make("aside", { "aria-live": "polite", tabindex: -1 });
  const link = (edge, other) => make("li", {}, make("button", { onclick: () => choose(null, edge) },
    `${edge.kind === "grants" ? edge.actions.slice(0, 3).join(", ") : edge.kind.replaceAll("-", " ")} ${other}`));
  const details = () => {
    aside.replaceChildren();
    if (state.edge) {
      const e = state.edge, list = make("dl");
      aside.append(make("h2", {}, e.kind.replaceAll("-", " ")), make("p", { class: "soft" }, `${nodes.get(e.from).name} → ${nodes.get(e.to).name}`));
      if (e.effective === false) aside.append(make("p", { class: "bad" }, "Not in effect: a Deny, a boundary or another limit leaves nothing of it."));
      if (e.effective === null) aside.append(make("p", { class: "bad" }, "Whether it is in effect could not be decided."));
      row(list, "Policy", e.policy);
      row(list, "Statement", e.statementId ?? (e.statementIndex == null ? null : String(e.statementIndex)));
      row(list, "Actions", e.actions);
      row(list, "Access levels", e.accessLevels);
      row(list, "Services", e.services);
      row(list, "Condition", e.condition && JSON.stringify(e.condition, null, 2), "code");
      row(list, "If", said(e.when));
      row(list, "Line", place(e.location));
      aside.append(list);
    } else if (state.node) {
      const n = nodes.get(state.node), list = make("dl");
      aside.append(make("h2", {}, n.name), make("p", { class: "soft" }, n.type || n.kind.replaceAll("-", " ")));
      row(list, "ARN", n.arn);
      row(list, "Resources that match", n.matches && String(n.matches));
      row(list, "If", said(n.when));
      row(list, "Line", place(n.location));
      aside.append(list);
      const out = outgoing.get(n.id) || [], back = incoming.get(n.id) || [];
      if (out.length) aside.append(make("h3", {}, "Leads to"), make("ul", {}, ...out.slice(0, 200).map((e) => link(e, `→ ${nodes.get(e.to).name}`))));
      if (back.length) aside.append(make("h3", {}, "Comes from"), make("ul", {}, ...back.slice(0, 200).map((e) => link(e, `← ${nodes.get(e.from).name}`))));
      if (out.length > 200 || back.length > 200) aside.append(make("p", { class: "soft" }, "Only the first 200 of each are listed."));
    } else {
      aside.append(make("h2", {}, "Access graph"), make("p", {}, `${data.nodes.length} nodes, ${data.edges.length} edges of ${data.inputs.map((i) => i.path).slice(0, 5).join(", ")}${data.inputs.length > 5 ? " and more" : ""}.`),
        make("p", { class: "soft" }, "Choose a node or an edge to see the statement and its line."), legend());
      if (data.notices.length) aside.append(make("h3", {}, "To know"), ...data.notices.map((t) => make("p", { class: "soft" }, t)));
      if ((data.escalations || []).length) {
        aside.append(make("h3", {}, "Privilege escalation"));
        for (const x of data.escalations.slice(0, 100)) aside.append(make("p", {}, `${x.principal.id} → ${x.gains.id}: ${x.method}`));
      }
    }
  };

  const picture = make("div", { id: "picture" });
  const choose = (node, edge) => { state.node = node; state.edge = edge; details(); mark(); };
  // What is chosen, and what it is joined to; the rest steps back.
  const mark = () => {
    const near = new Set(state.edge ? [state.edge.from, state.edge.to] : []);
    for (const g of picture.querySelectorAll("g.line")) {
      const edge = data.edges[g.dataset.edge], touches = state.node != null && (edge.from === state.node || edge.to === state.node);
      g.classList.toggle("chosen", edge === state.edge);
      g.classList.toggle("near", touches);
      if (touches) near.add(edge.from).add(edge.to);
    }
    for (const g of picture.querySelectorAll("g.node")) {
      g.classList.toggle("chosen", g.dataset.id === state.node);
      g.classList.toggle("near", near.has(g.dataset.id));
    }
    picture.querySelector("svg")?.classList.toggle("picked", state.node != null || state.edge != null);
  };

  // Whoever clicks beside everything, or presses Escape, has the overview again.
  picture.addEventListener("click", (event) => { if (!event.target.closest("g.node, g.line")) choose(null, null); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const from = picture.querySelector("g.node.chosen");
    choose(null, null);
    from?.focus();
  });

  const numbers = new Map(data.edges.map((e, i) => [e, i]));
  const paint = () => {
    let edges = shown();
    const all = edges.length;
    edges = edges.slice(0, LIMIT);
    const ids = new Set(edges.flatMap((e) => [e.from, e.to]));
    const words = state.search.toLowerCase();
    if (words) for (const n of data.nodes) if (ids.size < LIMIT && n.name.toLowerCase().includes(words)) ids.add(n.id);
    count.textContent = all > LIMIT ? `the first ${LIMIT} of ${all} edges: search or filter to see others` : all === 1 ? "1 edge" : `${all} edges`;
    if (!ids.size) { picture.replaceChildren(make("p", { class: "none" }, data.edges.length ? "Nothing in the graph is like this." : "The inputs have no principals, policies or resources that have to do with each other.")); return; }
    const columns = COLUMNS.map(() => []);
    for (const n of data.nodes) if (ids.has(n.id)) columns[column(n)].push(n);
    // A few rounds of moving each node to the middle of what it is joined to, so that fewer lines cross.
    const at = new Map();
    const number = () => columns.forEach((c) => c.forEach((n, i) => at.set(n.id, (i + 0.5) / c.length)));
    number();
    const near = new Map();
    for (const e of edges) { put(near, e.from, e.to); put(near, e.to, e.from); }
    for (let round = 0; round < 8; round++) {
      for (const c of columns) {
        const middle = new Map(c.map((n) => { const l = near.get(n.id) || []; return [n, l.length ? l.reduce((s, o) => s + at.get(o), 0) / l.length : at.get(n.id)]; }));
        c.sort((a, b) => middle.get(a) - middle.get(b));
      }
      number();
    }
    const H = 38, GAP = 14, EDGE = 16, BEND = 58, used = columns.map((c, i) => [c, i]).filter(([c]) => c.length);
    const tallest = Math.max(...used.map(([c]) => c.length)), height = 50 + tallest * (H + GAP) + 20;
    // The columns share the window, as long as there is room for names and lines, and stay near each other in a wide one.
    const between = used.length - 1, room = picture.clientWidth - 2 * EDGE - BEND;
    const W = Math.min(210, Math.max(150, Math.floor((room - between * 44) / used.length)));
    const STEP = W + Math.min(150, Math.max(44, Math.floor((room - used.length * W) / Math.max(1, between))));
    const width = 2 * EDGE + between * STEP + W + BEND;
    const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "access graph" });
    svg.append(draw("defs", {}, draw("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" }, draw("path", { d: "M0 0 L8 4 L0 8 z" }))));
    const spot = new Map();
    used.forEach(([c, kind], x) => {
      svg.append(draw("text", { class: "column", x: EDGE + x * STEP, y: 26 }, COLUMNS[kind][0]));
      const gap = (height - 60) / c.length;
      c.forEach((n, i) => spot.set(n.id, { x: EDGE + x * STEP, y: 42 + gap * (i + 0.5) - H / 2, kind, column: x }));
    });
    // A height at which a line crosses a column between its nodes.
    const boxes = used.map(([c]) => c.map((n) => spot.get(n.id).y));
    const free = (x, y) => {
      const hits = (at) => boxes[x].some((top) => at > top - 5 && at < top + H + 5);
      if (!hits(y)) return y;
      const beside = boxes[x].flatMap((top) => [top - 7, top + H + 7]).filter((at) => !hits(at));
      return beside.reduce((best, at) => (Math.abs(at - y) < Math.abs(best - y) ? at : best), 36);
    };
    const route = (a, b) => {
      // Lines to the left run a little lower than those to the right, so that both can be told apart.
      const way = Math.sign(b.column - a.column), shift = way < 0 ? 5 : -3;
      const y1 = a.y + H / 2 + (way ? shift : 0), y2 = b.y + H / 2 + (way ? shift : 0);
      if (!way) {
        const x = a.x + W, bend = x + 34 + Math.min(24, Math.abs(y1 - y2) / 10);
        return `M${x} ${y1} C${bend} ${y1} ${bend} ${y2} ${x} ${y2}`;
      }
      let x = way > 0 ? a.x + W : a.x, y = y1, d = `M${x} ${y}`;
      for (let c = a.column + way; ; c += way) {
        const last = c === b.column, left = EDGE + c * STEP, to = way > 0 ? left : left + W;
        const at = last ? y2 : free(c, y1 + ((y2 - y1) * (c - a.column)) / (b.column - a.column));
        const middle = (x + to) / 2;
        d += ` C${middle} ${y} ${middle} ${at} ${to} ${at}`;
        if (last) return d;
        x = way > 0 ? left + W : left;
        y = at;
        d += ` L${x} ${y}`;
      }
    };
    for (const e of edges) {
      const a = spot.get(e.from), b = spot.get(e.to);
      if (!a || !b) continue;
      const d = route(a, b);
      const title = draw("title"); title.textContent = `${e.kind}: ${nodes.get(e.from).name} → ${nodes.get(e.to).name}${e.actions.length ? `\n${e.actions.slice(0, 8).join(", ")}` : ""}`;
      const g = draw("g", { class: `line ${e.kind}${e.effective === false ? " idle" : ""}`, "data-edge": numbers.get(e) }, title,
        draw("path", { class: "edge", d, "marker-end": "url(#tip)" }), draw("path", { class: "hit", d }));
      g.addEventListener("click", () => choose(null, e));
      svg.append(g);
    }
    for (const [id, p] of spot) {
      const n = nodes.get(id), title = draw("title"); title.textContent = n.arn && n.arn !== n.name ? `${n.name}\n${n.arn}` : n.name;
      const name = draw("text", { x: p.x + 10, y: p.y + 16 }), kind = draw("text", { class: "kind", x: p.x + 10, y: p.y + 30 });
      name.textContent = cut(n.name, W - 20, "12px system-ui, sans-serif", n.kind === "service" ? n.name.split(".")[0] : null);
      kind.textContent = cut(n.type || n.kind.replaceAll("-", " "), W - 20, "10px system-ui, sans-serif");
      const g = draw("g", { class: `node stripe-${STRIPE[p.kind]}`, tabindex: 0, "data-id": id }, title, draw("rect", { x: p.x, y: p.y, width: W, height: H, rx: 6 }), name, kind);
      g.addEventListener("click", () => choose(id, null));
      g.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(id, null); aside.focus(); } });
      svg.append(g);
    }
    picture.replaceChildren(svg);
    mark();
  };

  const count = make("span", { class: "soft", id: "count" });
  const listen = (name, read = (t) => t.value) => (event) => { state[name] = read(event.target); paint(); };
  const options = (any, kinds) => [make("option", { value: "" }, any), ...data.nodes.filter((n) => kinds.includes(n.kind)).slice(0, 5000).map((n) => make("option", { value: n.id }, n.name))];
  document.body.append(
    make("header", {}, make("h1", {}, "Access graph"),
      make("input", { type: "search", id: "search", placeholder: "Search names, ARNs, actions", "aria-label": "Search", oninput: listen("search") }),
      make("select", { id: "principal", "aria-label": "Principal", onchange: listen("principal") }, ...options("From anybody", ["role", "user", "group", "permission-set", "service", "external-account", "external-principal", "identity-provider", "anyone"])),
      make("select", { id: "resource", "aria-label": "Resource", onchange: listen("resource") }, ...options("To anything", ["resource", "other-resource", "role"])),
      make("select", { id: "level", "aria-label": "Access level", onchange: listen("level") }, make("option", { value: "" }, "Any access level"), ...["List", "Read", "Write", "Permissions management", "Tagging"].map((l) => make("option", { value: l }, l))),
      make("label", {}, make("input", { type: "checkbox", id: "dependencies", onchange: listen("dependencies", (t) => t.checked) }), "dependencies"), count),
    make("main", {}, picture, aside));
  details();
  paint();
  let width = picture.clientWidth;
  addEventListener("resize", () => { if (picture.clientWidth !== width) { width = picture.clientWidth; paint(); } });
})();
