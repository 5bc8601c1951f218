"use strict";
(() => {
  const root = document.documentElement;
  const $ = (selector, node = document) => node.querySelector(selector);
  const $$ = (selector, node = document) => [...node.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
  };
  // A page opened from a file may have no storage: then nothing is remembered, and that is all.
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* nothing to do */ } };
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };

  /* Colours of code: strings, words, numbers and comments, the same for every language. A string in single quotes
     ends with its line, so that the JSON inside of a curl command is coloured, too. */
  const TOKENS = /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|((?:^|(?<=\s))#.*$|\/\/.*$)|\b(\d+(?:\.\d+)?)\b|\b(from|import|with|as|for|in|print|const|await|new|true|false|null|None|True|False|echo|curl)\b/gm;
  const CLASSES = [, "s", "c", "n", "k"];
  const colour = (code) => {
    if (code.dataset.done) return;
    code.dataset.done = "1";
    const text = code.textContent;
    const parts = document.createDocumentFragment();
    let last = 0;
    for (const match of text.matchAll(TOKENS)) {
      const kind = match.findIndex((part, index) => index > 0 && part !== undefined);
      const key = kind === 1 && match[0][0] === '"' && /^\s*:/.test(text.slice(match.index + match[0].length));
      parts.append(text.slice(last, match.index), make("span", { class: key ? "k" : CLASSES[kind] }, match[0]));
      last = match.index + match[0].length;
    }
    parts.append(text.slice(last));
    code.replaceChildren(parts);
  };
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { colour(entry.target); seen.unobserve(entry.target); }
  }, { rootMargin: "400px" });
  $$("pre code").forEach((code) => seen.observe(code));

  /* Samples: one language for the whole page, one example for each operation. */
  const languages = [...new Set($$(".language").map((button) => button.dataset.language))];
  let language = languages.includes(recall("kommo-language")) ? recall("kommo-language") : languages[0];
  const show = (samples) => {
    const number = $("select", samples)?.value ?? "0";
    for (const pre of $$("pre", samples)) pre.hidden = pre.dataset.language !== language || pre.dataset.sample !== number;
    for (const button of $$(".language", samples)) button.setAttribute("aria-pressed", String(button.dataset.language === language));
  };
  const showAll = () => $$(".samples").forEach(show);
  for (const samples of $$(".samples")) {
    samples.addEventListener("click", async (event) => {
      const button = event.target.closest("button");
      if (button?.classList.contains("language")) {
        const before = samples.getBoundingClientRect().top;
        language = button.dataset.language;
        remember("kommo-language", language);
        showAll();
        scrollBy(0, samples.getBoundingClientRect().top - before);
      } else if (button?.classList.contains("copy")) {
        const text = $("pre:not([hidden])", samples).textContent;
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = "Copied";
        } catch {
          const range = document.createRange();
          range.selectNodeContents($("pre:not([hidden])", samples));
          getSelection().removeAllRanges();
          getSelection().addRange(range);
          button.textContent = "Selected";
        }
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      }
    });
    $("select", samples)?.addEventListener("change", () => show(samples));
  }
  showAll();
  root.classList.add("ready");

  /* Light, dark, or what the system says. */
  $("#theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remember("kommo-theme", root.dataset.theme);
  });

  /* Contents: a drawer on small screens; the entry of the section in view is marked. */
  const menu = $("#menu");
  const contents = $("#contents");
  const toggle = (open) => { root.classList.toggle("menu", open); menu.setAttribute("aria-expanded", String(open)); };
  menu.addEventListener("click", () => toggle(!root.classList.contains("menu")));
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) toggle(false); });
  $("main").addEventListener("click", () => toggle(false));
  const entries = new Map($$("a", contents).map((a) => [a.hash.slice(1), a]));
  let current = null;
  const mark = (id) => {
    const entry = entries.get(id);
    if (!entry || entry === current) return;
    current?.removeAttribute("aria-current");
    entry.setAttribute("aria-current", "true");
    current = entry;
    const group = entry.closest("details");
    if (group) group.open = true;
    const box = entry.getBoundingClientRect();
    const frame = contents.getBoundingClientRect();
    if (box.top < frame.top || box.bottom > frame.bottom) contents.scrollTop += box.top - frame.top - frame.height / 3;
  };
  const sections = [...entries.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let due = false;
  const follow = () => {
    due = false;
    let low = 0;
    let high = sections.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sections[middle].getBoundingClientRect().top <= 120) low = middle + 1; else high = middle;
    }
    if (low > 0) mark(sections[low - 1].id);
  };
  addEventListener("scroll", () => { if (!due) { due = true; requestAnimationFrame(follow); } }, { passive: true });

  /* Deep links: what is folded away around the target opens. */
  const arrive = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let node = target.parentElement; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.closest("[popover]")?.hidePopover();
    target.scrollIntoView();
  };
  addEventListener("hashchange", arrive);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[popover] a")) event.target.closest("[popover]").hidePopover();
  });

  /* Search. The index is made of the page itself, when it is first needed. */
  const dialog = $("#search");
  const query = $("#query");
  const results = $("#results");
  const MARKS = { page: 0, resource: 1, operation: 3, schema: 2, quirk: 2, answer: 1 };
  let index = null;
  const build = () => $$("[data-kind]").map((node) => {
    const { kind, title, more } = node.dataset;
    const text = kind === "resource" || kind === "page" ? more : $$("p, li > .about, .rows .name", node).filter((part) => !part.closest(".samples")).map((part) => part.textContent).join(" ").replace(/\s+/g, " ");
    return { id: node.id, kind, title, more, text, inTitle: title.toLowerCase(), inMore: more.toLowerCase(), inText: text.toLowerCase() };
  });
  const score = (entry, words) => {
    let total = MARKS[entry.kind];
    for (const word of words) {
      const place = entry.inTitle.indexOf(word);
      if (entry.inTitle === word) total += 60;
      else if (place === 0 || (place > 0 && /\W/.test(entry.inTitle[place - 1]))) total += 30;
      else if (place > 0) total += 18;
      else if (entry.inMore.includes(word)) total += 15;
      else if (entry.inText.includes(word)) total += 4;
      else return 0;
    }
    return total - Math.min(entry.title.length, 80) / 40;
  };
  const marked = (text, words) => {
    const parts = document.createDocumentFragment();
    const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
    text.split(pattern).forEach((part, number) => parts.append(number % 2 ? make("mark", {}, part) : part));
    return parts;
  };
  const snippet = (entry, words) => {
    const source = words.some((word) => entry.inText.includes(word)) ? entry.text : entry.more;
    const place = Math.max(0, Math.min(...words.map((word) => source.toLowerCase().indexOf(word)).filter((found) => found >= 0), Infinity) - 40);
    return (Number.isFinite(place) && place > 0 ? "…" + source.slice(place, place + 160) : source.slice(0, 160));
  };
  const choose = (number) => {
    const items = $$("[role=option]", results);
    if (!items.length) return;
    const wanted = (number + items.length) % items.length;
    items.forEach((item, place) => item.setAttribute("aria-selected", String(place === wanted)));
    items[wanted].scrollIntoView({ block: "nearest" });
    query.setAttribute("aria-activedescendant", items[wanted].id);
  };
  const chosen = () => $$("[role=option]", results).findIndex((item) => item.getAttribute("aria-selected") === "true");
  const search = () => {
    index ??= build();
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length
      ? index.map((entry) => [score(entry, words), entry]).filter(([points]) => points > 0).sort((a, b) => b[0] - a[0]).slice(0, 40)
      : [];
    results.replaceChildren(...found.map(([, entry], number) => make("li", { role: "option", id: `result-${number}`, "aria-selected": "false" },
      make("a", { href: `#${entry.id}`, tabindex: "-1" },
        make("span", {}, marked(entry.title, words)), make("span", { class: "kind" }, entry.kind),
        make("span", { class: "snippet" }, marked(snippet(entry, words), words))))));
    if (words.length && !found.length) results.append(make("li", { class: "none" }, "Nothing found."));
    choose(0);
  };
  const open = () => { toggle(false); if (!dialog.open) dialog.showModal(); query.select(); query.focus(); };
  $("#find").addEventListener("click", open);
  query.addEventListener("input", search);
  query.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); choose(chosen() + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); choose(chosen() - 1); }
    // The browser would only empty the field the first time.
    else if (event.key === "Escape") { event.preventDefault(); dialog.close(); }
    else if (event.key === "Enter") { event.preventDefault(); $("[aria-selected=true] a", results)?.click(); }
  });
  results.addEventListener("click", (event) => {
    const a = event.target.closest("a");
    if (!a) return;
    event.preventDefault();
    dialog.close();
    if (location.hash === a.hash) arrive(); else location.hash = a.hash;
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select");
    if ((event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      open();
    } else if (event.key === "Escape") toggle(false);
  });

  /* Try it: only where a mock serves the page, so that a request never reaches a real account. */
  const live = /\/_mock\/docs\/?$/.test(location.pathname) && location.protocol.startsWith("http");
  const operations = live ? JSON.parse($("#operations").textContent) : {};
  let ids = null;
  // The first ids that the mock really holds, by resource, so that a form works as it stands.
  const known = async () => {
    if (ids) return ids;
    ids = {};
    try {
      const { accounts } = await (await fetch("/_mock/contents")).json();
      for (const { entity, fields, groups } of accounts[0].entities) {
        const name = entity === "segments" ? "customers_segments" : entity;
        if (fields.length) ids[`${name}_custom_fields`] = { id: fields.at(-1).id };
        if (groups.length) ids[`${name}_custom_field_groups`] = { id: groups.at(-1).id };
      }
      const catalog = accounts[0].catalogs.find((one) => one.field_count) ?? accounts[0].catalogs[0];
      if (catalog) {
        ids.catalogs_custom_fields = { catalog_id: catalog.id, id: catalog.fields.at(-1)?.id };
        ids.v2_catalog_elements = { catalog_id: catalog.id };
      }
    } catch { /* the values of the examples stand */ }
    return ids;
  };
  const pretty = (text) => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };
  const form = (id) => {
    const operation = operations[id];
    const example = operation.examples[0];
    const node = make("form", { autocomplete: "off" });
    const field = (label, control, wide) => { node.append(make("label", { class: wide ? "wide" : undefined }, make("span", {}, label), control)); return control; };
    const token = field("token", make("input", { name: "token", value: recall("kommo-token") ?? "demo" }));
    const inputs = operation.parameters.map((parameter) => [parameter,
      field(parameter.name + (parameter.required ? " *" : ""), make("input", {
        name: parameter.name, value: example?.values[parameter.name] ?? "", required: parameter.required,
        placeholder: parameter.many ? "several, with commas" : "",
      }))]);
    let body = null;
    if (operation.examples.some((one) => one.body !== null)) {
      if (operation.examples.length > 1) {
        const choice = field("example", make("select", { name: "example" }, ...operation.examples.map((one, number) => make("option", { value: String(number) }, one.title))));
        choice.addEventListener("change", () => { body.value = pretty(JSON.stringify(operation.examples[choice.value].body)); });
      }
      body = field("body", make("textarea", { name: "body", spellcheck: "false" }), true);
      body.value = pretty(JSON.stringify(example.body));
    }
    const output = make("output");
    node.append(make("button", { class: "send", type: "submit" }, `Send ${operation.method}`));
    node.addEventListener("submit", async (event) => {
      event.preventDefault();
      remember("kommo-token", token.value);
      let path = operation.path;
      const search = new URLSearchParams();
      for (const [parameter, input] of inputs) {
        if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
        else if (input.value) for (const value of parameter.many ? input.value.split(",") : [input.value]) search.append(parameter.name, value.trim());
      }
      const url = path + (search.size ? `?${search}` : "");
      output.replaceChildren("…");
      try {
        const response = await fetch(url, {
          method: operation.method,
          headers: { Authorization: `Bearer ${token.value}`, ...(body && { "Content-Type": "application/json" }) },
          body: body ? body.value : undefined,
        });
        const text = await response.text();
        const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
        output.replaceChildren(
          make("p", {}, make("span", { class: `status ${response.ok ? "good" : "bad"}` }, `${response.status} ${response.statusText}`), ` ${operation.method} ${url}`),
          make("pre", { tabindex: "0" }, `${headers}\n\n${pretty(text)}`));
      } catch (error) {
        output.replaceChildren(make("p", {}, `No answer: ${error.message}`));
      }
    });
    known().then((found) => {
      const own = found[operation.tag] ?? {};
      const old = example?.values.id;
      for (const [parameter, input] of inputs) if (own[parameter.name] !== undefined && (parameter.required || parameter.name === "catalog_id")) input.value = own[parameter.name];
      // A batch names the ids in its body.
      if (body && own.id !== undefined && id.startsWith("update_batch_")) {
        body.value = pretty(JSON.stringify(example.body.map((item) => ({ ...item, id: own.id }))));
      }
    });
    return [node, output];
  };
  if (live) {
    $(".live").hidden = false;
    for (const aside of $$(".aside")) {
      const id = aside.closest(".operation").id;
      const box = make("details", { class: "try" }, make("summary", {}, "Try it on this mock"));
      box.addEventListener("toggle", () => { if (box.open && !$("form", box)) box.append(...form(id)); });
      aside.append(box);
    }
    // The samples talk to this mock, too.
    for (const code of $$(".samples code")) {
      code.textContent = code.textContent.replaceAll("https://example.kommo.com", location.origin)
        .replace("Kommo()", `Kommo(base_url="${location.origin}", token="demo")`);
    }
  }
  arrive();
  follow();
})();
