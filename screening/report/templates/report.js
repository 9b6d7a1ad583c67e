"use strict";
(() => {
  const figure = document.getElementById("figure");
  if (figure) drawScatter(JSON.parse(figure.textContent));
  const table = document.getElementById("table");
  if (table) makeInteractive(table);

  function drawScatter(content) {
    const place = document.getElementById("scatter");
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const narrow = matchMedia("(max-width: 40rem)");
    const draw = () => {
      const style = getComputedStyle(document.documentElement);
      const ink = style.getPropertyValue("--ink").trim(), line = style.getPropertyValue("--line").trim();
      const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
      const layout = { ...content.layout, font: { color: ink, family: getComputedStyle(document.body).fontFamily, size: narrow.matches ? 11 : 13 } };
      layout.xaxis = { ...layout.xaxis, ...axis };
      layout.yaxis = { ...layout.yaxis, ...axis };
      Plotly.react(place, content.data, layout, { responsive: true, displaylogo: false, displayModeBar: !narrow.matches });
    };
    draw();
    dark.addEventListener("change", draw);
    narrow.addEventListener("change", draw);
  }

  function makeInteractive(table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    const filter = document.getElementById("filter");
    const shown = document.getElementById("shown");
    rows.forEach((row) => { row.words = row.textContent.toLowerCase(); });

    heads.forEach((head, index) => head.querySelector("button").addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      rows.sort(comparison(index, "text" in head.dataset, descending ? -1 : 1)).forEach((row) => body.append(row));
    }));

    filter.addEventListener("input", () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row) => { row.hidden = !words.every((word) => row.words.includes(word)); });
      shown.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    });

    document.getElementById("copy").addEventListener("click", async () => {
      const visible = rows.filter((row) => !row.hidden);
      const copied = await copyText(asCsv(heads, visible));
      shown.textContent = copied ? `${visible.length} rows copied` : "The browser did not allow copying; use ranking.csv";
    });
  }

  function comparison(index, isText, direction) {
    const key = (row) => row.cells[index].dataset.value;
    return (a, b) => {
      const [x, y] = [key(a), key(b)];
      // Missing values stay at the end in both directions.
      if (x === "" || y === "") return (x === "") - (y === "");
      return direction * (isText ? x.localeCompare(y, "en", { numeric: true }) : Number(x) - Number(y));
    };
  }

  function asCsv(heads, rows) {
    const withInterval = heads.map((_, index) => rows.some((row) => "low" in row.cells[index].dataset));
    const line = (values) => values.flatMap((parts, index) => (withInterval[index] ? parts : parts.slice(0, 1))).join(",");
    const names = heads.map((head) => ["", "_lo", "_hi"].map((end) => csvText(head.dataset.name + end)));
    const lines = rows.map((row) => line(heads.map((head, index) => {
      const { value, low = "", high = "" } = row.cells[index].dataset;
      return ["text" in head.dataset ? csvText(value) : value, low, high];
    })));
    return [line(names), ...lines].join("\r\n");
  }

  // As in ranking.csv: an apostrophe keeps a spreadsheet from running text as a formula.
  function csvText(text) {
    const harmless = /^'*[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  }

  async function copyText(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Inside another page's frame the modern way may be forbidden.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }
})();
