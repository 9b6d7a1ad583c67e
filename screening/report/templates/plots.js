// The scatter plot of two figures of merit, solid solutions, and the periodic table.
(() => {
  const { data, text, fixed, theme, onTheme, narrow } = report;
  const settings = () => ({ responsive: true, displaylogo: false, displayModeBar: narrow.matches ? false : "hover" });

  report.drawFigure = (place, figure) => {
    const { line, font } = theme();
    const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
    const layout = { ...figure.layout, font };
    layout.xaxis = { ...layout.xaxis, ...axis };
    layout.yaxis = { ...layout.yaxis, ...axis };
    return Plotly.react(place, figure.data, layout, settings());
  };

  report.closed = (place) => place.closest("details:not([open])") !== null;

  // Drawn when it comes near the window, so that a long page opens quickly, or before the page is printed.
  report.whenSeen = (place, draw) => {
    let drawn = false;
    const first = () => {
      if (drawn || report.closed(place)) return;
      drawn = true;
      watcher.disconnect();
      draw();
      onTheme(draw);
    };
    const watcher = new IntersectionObserver(([seen]) => { if (seen.isIntersecting) first(); }, { rootMargin: "300px" });
    watcher.observe(place);
    addEventListener("beforeprint", first);
  };

  const scatter = document.getElementById("scatter");
  if (scatter && data.scatter) {
    report.whenSeen(scatter, () => report.drawFigure(scatter, data.scatter).then(() => {
      scatter.removeAllListeners("plotly_click");
      scatter.on("plotly_click", ({ points: [point] }) => report.showRank(point.customdata));
    }));
  }

  document.querySelectorAll(".series-plot").forEach((place, index) => {
    report.whenSeen(place, () => report.drawFigure(place, data.series[index]));
  });

  const elements = document.getElementById("elements");
  const by = document.getElementById("elements-by");

  function drawElements() {
    const { places, scores, digits } = data.elements;
    const grid = (fill) => Array.from({ length: 10 }, () => Array(18).fill(fill));
    const values = grid(null), all = grid(null), hover = grid(""), labels = [];
    const measure = Number(by.value);
    const { ink, quiet, paper, line, panel, font } = theme();
    const largest = Math.max(...Object.values(scores).map((score) => score[measure]), 1e-9);
    for (const [symbol, row, column] of places) {
      const score = scores[symbol];
      all[row][column] = 1;
      if (score) values[row][column] = score[measure];
      hover[row][column] = score ? words(symbol, score) : `<b>${symbol}</b><br>${text("none")}`;
      // Cividis is dark below and light above, in both themes.
      const colour = score ? (score[measure] / largest > 0.5 ? "#10151c" : "#ffffff") : quiet;
      const figure = score && !narrow.matches ? `<br>${fixed(score[measure], measure === 2 ? 0 : Math.min(digits, 2))}` : "";
      labels.push({ x: column, y: row, text: `<b>${symbol}</b>${figure}`, showarrow: false, font: { color: colour, size: narrow.matches ? 9 : 12 } });
    }
    const tile = { type: "heatmap", xgap: 2, ygap: 2, hovertemplate: "%{text}<extra></extra>", text: hover, hoverongaps: false };
    const bar = { thickness: 10, len: 0.8, outlinewidth: 0, tickfont: font };
    const layout = {
      annotations: labels, font, margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      separators: data.decimal + data.group, dragmode: false,
      xaxis: { visible: false, fixedrange: true, range: [-0.5, 17.5] }, yaxis: { visible: false, fixedrange: true, range: [9.5, -0.5] },
      hoverlabel: { bgcolor: paper, bordercolor: line, font: { ...font, color: ink } },
    };
    const traces = [
      { ...tile, z: all, colorscale: [[0, panel], [1, panel]], showscale: false },
      { ...tile, z: values, zmin: 0, zmax: largest, colorscale: "Cividis", showscale: !narrow.matches, colorbar: bar },
    ];
    return Plotly.react(elements, traces, layout, { ...settings(), displayModeBar: false });
  }

  function words(symbol, [best, mean, count, formula]) {
    const { digits } = data.elements;
    const safe = String(formula).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return `<b>${symbol}</b>: ${text("count", { n: count })}<br>${text("best")} ${fixed(best, digits)} (${safe})<br>${text("mean")} ${fixed(mean, digits)}`;
  }

  if (elements) {
    report.whenSeen(elements, () => drawElements().then(() => {
      elements.removeAllListeners("plotly_click");
      elements.on("plotly_click", ({ points: [point] }) => {
        const [found] = data.elements.places.filter(([, row, column]) => row === point.y && column === point.x);
        if (found) report.filterElement(found[0]);
      });
    }));
    by.addEventListener("input", drawElements);
  }
})();
