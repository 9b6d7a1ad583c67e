// The ranked table: filters, sorting, columns, pages, copying.
(() => {
  const { data, fixed, text, element, chemical } = report;
  const { columns, rows, flags, gates } = data.table;
  const find = (id) => document.getElementById(id);
  const FILTERS = ["filter", "filter-elements", "filter-group", "filter-flag", "filter-gate"].filter(find);
  const place = Object.fromEntries(columns.map((column, index) => [column.name, index]));
  const table = find("table");
  const bare = (value, column) => (column.interval ? value[0] : value);
  const valueOf = (row, name) => (name in place ? bare(row[place[name]], columns[place[name]]) : null);

  const entries = rows.map((row) => ({
    row,
    words: columns.map((column, i) => shown(row[i], column)).join(" ").toLowerCase(),
    elements: new Set(String(valueOf(row, "formula") ?? "").match(/[A-Z][a-z]?/g) ?? []),
    flags: new Set(String(valueOf(row, "flags") ?? "").split(";")),
  }));
  let visible = new Set(columns.filter((column) => column.first).map((column) => column.name));
  let order = { name: "rank", descending: false };
  let page = 0;
  let matching = entries;

  function shown(value, column) {
    const one = bare(value, column);
    if (one === null) return "–";
    if (typeof one === "boolean") return one ? data.yes : data.no;
    if (column.kind === "number" && typeof one === "number") return fixed(one, column.digits);
    return column.words[one] ?? String(one);
  }

  function matches(entry) {
    const words = find("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = symbols(find("filter-elements").value);
    const group = find("filter-group")?.value, flag = find("filter-flag").value, gate = find("filter-gate").value;
    return words.every((word) => entry.words.includes(word))
      && wanted.every(({ symbol, without }) => entry.elements.has(symbol) !== without)
      && (!group || valueOf(entry.row, "rank_group") === group)
      && (!flag || entry.flags.has(flag.slice(1)) === (flag[0] === "+"))
      && (!gate || passes(entry, gate));
  }

  // Elements as people type them: `fe nd -co`, `Fe, Nd`.
  function symbols(typed) {
    const found = typed.matchAll(/([-−!]?)([A-Za-z]{1,2})(?![A-Za-z])/g);
    return [...found].map(([, minus, [first, second = ""]]) => ({ symbol: first.toUpperCase() + second.toLowerCase(), without: minus !== "" }));
  }

  function passes(entry, gate) {
    const through = (name) => (valueOf(entry.row, name) ?? 0) >= 0.5;
    if (gate === "*") return Object.keys(gates).every(through);
    if (gate[0] === "+") return through(gate.slice(1));
    return gate.slice(1) === `gate_${valueOf(entry.row, "limiting_gate")}_probability`;
  }

  function compare(a, b) {
    const [x, y] = [valueOf(a.row, order.name), valueOf(b.row, order.name)];
    // Missing values stay at the end in both directions.
    if (x === null || y === null) return (x === null) - (y === null);
    const ascending = typeof x === "number" ? x - y : String(x).localeCompare(String(y), data.language, { numeric: true });
    return order.descending ? -ascending : ascending;
  }

  function update() {
    matching = entries.filter(matches).sort(compare);
    page = 0;
    draw();
  }

  function clear() {
    FILTERS.forEach((id) => { find(id).value = ""; });
  }

  function draw() {
    const chosen = columns.filter((column) => visible.has(column.name));
    const size = Number(find("size").value);
    const pages = Math.max(1, Math.ceil(matching.length / size));
    page = Math.min(Math.max(page, 0), pages - 1);
    table.tHead.replaceChildren(element("tr", {}, ...chosen.map(heading)));
    const part = matching.slice(page * size, (page + 1) * size);
    const nothing = element("tr", {}, element("td", { colSpan: chosen.length, textContent: text("nothing") }));
    table.tBodies[0].replaceChildren(...(part.length ? part.map((entry) => line(entry, chosen)) : [nothing]));
    find("page").textContent = text("page", { page: page + 1, pages });
    find("previous").disabled = page === 0;
    find("next").disabled = page === pages - 1;
    const n = matching.length;
    find("shown").textContent = n === rows.length ? text("shown", { n }) : text("filtered", { n, total: rows.length });
  }

  function heading(column) {
    const label = element("span", { className: "label", textContent: column.label });
    const button = element("button", { type: "button", title: column.description }, label);
    if (column.unit) button.append(element("span", { className: "unit", textContent: column.unit }));
    button.addEventListener("click", () => {
      order = { name: column.name, descending: order.name === column.name && !order.descending };
      update();
      table.tHead.querySelector(`[data-name="${CSS.escape(column.name)}"] button`).focus();
    });
    const cell = element("th", { scope: "col", className: column.kind === "number" ? "number" : "" }, button);
    cell.dataset.name = column.name;
    if (order.name === column.name) cell.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
    return cell;
  }

  function line(entry, chosen) {
    return element("tr", {}, ...chosen.map((column) => {
      const value = entry.row[place[column.name]];
      const kind = column.kind === "number" ? "number" : column.name === "why" || column.name === "flags" ? "long" : "";
      const cell = element("td", { className: kind }, ...content(value, column, entry));
      if (column.interval && value[1] !== null && value[2] !== null) {
        const ends = text("interval", { low: fixed(value[1], column.digits), high: fixed(value[2], column.digits) });
        cell.append(element("span", { className: "interval", textContent: ends }));
      }
      return cell;
    }));
  }

  function content(value, column, entry) {
    if (column.name === "flags") {
      return [...entry.flags].filter(Boolean).map((flag) => element("span", { className: "flag", textContent: flag, title: flags[flag] ?? "" }));
    }
    if (column.name === "why") return [element("div", { className: "clamped", textContent: shown(value, column), title: shown(value, column) })];
    if (column.name !== "formula") return [shown(value, column)];
    const card = `card-${valueOf(entry.row, "rank")}`;
    return find(card) ? [element("a", { href: `#${card}` }, ...chemical(String(value)))] : chemical(String(value));
  }

  function choices() {
    find("choices").replaceChildren(...columns.map((column) => {
      const box = element("input", { type: "checkbox", checked: visible.has(column.name), name: column.name });
      box.addEventListener("change", () => {
        if (box.checked) visible.add(column.name); else visible.delete(column.name);
        draw();
      });
      return element("label", { title: column.description }, box, ` ${column.label}`);
    }));
  }

  function choose(wanted) {
    visible = new Set(columns.filter(wanted).map((column) => column.name));
    choices();
    draw();
  }

  function csv() {
    const chosen = columns.filter((column) => visible.has(column.name));
    const names = chosen.flatMap((column) => (column.interval ? ["", "_lo", "_hi"] : [""]).map((end) => column.name + end));
    const lines = matching.map(({ row }) => chosen.flatMap((column) => row[place[column.name]]).map(field).join(","));
    return [names.map(field).join(","), ...lines].join("\r\n");
  }

  // As in ranking.csv, an apostrophe keeps a spreadsheet from running text as a formula.
  function field(value) {
    if (value === null || typeof value !== "string") return value === null ? "" : String(value);
    const harmless = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  }

  async function copy() {
    const content = csv();
    try {
      await navigator.clipboard.writeText(content);
    } catch {
      // In the frame of another page the clipboard may be blocked, and so may the older command.
      if (!copiedByCommand(content)) return;
    }
    find("shown").textContent = text("copied", { n: matching.length });
  }

  function copiedByCommand(content) {
    const dialog = find("by-hand"), area = dialog.querySelector("textarea");
    area.value = content;
    dialog.showModal();
    area.select();
    const done = document.execCommand("copy");
    if (done) dialog.close();
    return done;
  }

  FILTERS.forEach((id) => find(id).addEventListener("input", update));
  find("reset").addEventListener("click", () => { clear(); update(); });
  find("size").addEventListener("input", () => { page = 0; draw(); });
  find("previous").addEventListener("click", () => { page -= 1; draw(); });
  find("next").addEventListener("click", () => { page += 1; draw(); });
  find("columns-first").addEventListener("click", () => choose((column) => column.first));
  find("columns-all").addEventListener("click", () => choose(() => true));
  find("copy").addEventListener("click", copy);
  // Show the card of a rank, or else its row.
  report.showRank = (rank) => {
    const card = find(`card-${rank}`);
    const entry = entries.find(({ row }) => valueOf(row, "rank") === rank);
    if (card) {
      card.open = true;
      card.scrollIntoView();
    } else if (entry) {
      clear();
      find("filter").value = valueOf(entry.row, "candidate_id");
      update();
      find("ranking").scrollIntoView();
    }
  };
  report.filterElement = (symbol) => {
    clear();
    find("filter-elements").value = symbol;
    update();
    find("ranking").scrollIntoView();
  };
  choices();
  update();
})();
