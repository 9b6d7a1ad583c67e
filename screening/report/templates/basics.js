"use strict";
// Shared by all parts of the page: data, texts, numbers and colours.
const report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const forms = new Intl.PluralRules(data.language);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 40rem)");

  function fixed(value, digits) {
    const [whole, part] = Math.abs(value).toFixed(digits).split(".");
    const minus = value < 0 && /[1-9]/.test(whole + part) ? "−" : "";
    return minus + whole.replace(/\B(?=(\d{3})+$)/g, data.group) + (part ? data.decimal + part : "");
  }

  function text(key, values = {}) {
    const entry = data.texts[key];
    const chosen = typeof entry === "string" ? entry : entry[forms.select(values.n)];
    return chosen.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? fixed(values[name], 0) : values[name]));
  }

  // The page's colours for plotly, which does not read style sheets.
  function theme() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const font = { color: colour("ink"), family: getComputedStyle(document.body).fontFamily, size: narrow.matches ? 11 : 13 };
    return { ink: colour("ink"), quiet: colour("quiet"), line: colour("line"), paper: colour("paper"), panel: colour("panel"), font };
  }

  function onTheme(draw) {
    dark.addEventListener("change", draw);
    narrow.addEventListener("change", draw);
  }

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function button(label, sign, press) {
    const made = element("button", { type: "button", textContent: sign, title: label });
    made.setAttribute("aria-label", label);
    made.addEventListener("click", press);
    return made;
  }

  // A formula with its numbers as subscripts.
  function chemical(formula) {
    return formula.split(/(?<=[A-Za-z)\]])(\d+(?:\.\d+)?)/).map((piece, i) => (i % 2 ? element("sub", { textContent: piece }) : piece));
  }

  return { data, fixed, text, theme, onTheme, narrow, element, button, chemical };
})();
