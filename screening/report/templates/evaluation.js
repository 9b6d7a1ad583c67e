"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink").trim(), line = style.getPropertyValue("--line").trim();
    const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
    for (const [id, figure] of Object.entries(figures)) {
      const layout = { ...figure.layout, font: { color: ink, family: getComputedStyle(document.body).fontFamily, size: 13 } };
      layout.xaxis = { ...layout.xaxis, ...axis };
      layout.yaxis = { ...layout.yaxis, ...axis };
      Plotly.react(document.getElementById(id), figure.data, layout, { responsive: true, displaylogo: false });
    }
  };
  draw();
  dark.addEventListener("change", draw);
})();
