// A crystal that the reader can rotate: shaded spheres, bonds and the cell.
(() => {
  const { text, theme, element, button } = report;
  const ball = sphere(2);
  const UPRIGHT = { up: { x: 0, y: 0, z: 1 }, projection: { type: "orthographic" } };
  const STEP = Math.PI / 12;

  // An icosahedron whose triangles are split `times` times: points on the unit sphere and corners of its triangles.
  function sphere(times) {
    const g = (1 + Math.sqrt(5)) / 2;
    const points = [[-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g], [0, -1, -g], [0, 1, -g], [g, 0, -1], [g, 0, 1], [-g, 0, -1], [-g, 0, 1]].map(unit);
    let faces = [[0, 11, 5], [0, 5, 1], [0, 1, 7], [0, 7, 10], [0, 10, 11], [1, 5, 9], [5, 11, 4], [11, 10, 2], [10, 7, 6], [7, 1, 8], [3, 9, 4], [3, 4, 2], [3, 2, 6], [3, 6, 8], [3, 8, 9], [4, 9, 5], [2, 4, 11], [6, 2, 10], [8, 6, 7], [9, 8, 1]];
    for (let i = 0; i < times; i += 1) {
      const middles = new Map();
      const middle = (a, b) => {
        const key = a < b ? `${a} ${b}` : `${b} ${a}`;
        if (!middles.has(key)) middles.set(key, points.push(unit(points[a].map((x, k) => x + points[b][k]))) - 1);
        return middles.get(key);
      };
      faces = faces.flatMap(([a, b, c]) => {
        const [d, e, f] = [middle(a, b), middle(b, c), middle(c, a)];
        return [[a, d, f], [b, e, d], [c, f, e], [d, e, f]];
      });
    }
    return { points, faces };
  }

  function unit(v) {
    const length = Math.hypot(...v) || 1;
    return v.map((x) => x / length);
  }

  function atoms({ symbol, colour, radius, atoms: centres }) {
    const mesh = { type: "mesh3d", name: symbol, color: colour, x: [], y: [], z: [], i: [], j: [], k: [], showlegend: true, flatshading: false, hovertemplate: `${symbol}<extra></extra>` };
    // Plotly would take our small triangles for degenerate and skip their normals.
    mesh.lighting = { ambient: 0.35, diffuse: 0.75, specular: 0.1, roughness: 0.5, fresnel: 0.05, facenormalsepsilon: 0, vertexnormalsepsilon: 0 };
    // Light comes from above, over the reader's shoulder.
    mesh.lightposition = { x: -3e4, y: 5e4, z: -5e4 };
    centres.forEach((centre, n) => {
      const first = n * ball.points.length;
      ball.points.forEach((p) => ["x", "y", "z"].forEach((axis, k) => mesh[axis].push(centre[k] + radius * p[k])));
      ball.faces.forEach((face) => ["i", "j", "k"].forEach((corner, k) => mesh[corner].push(first + face[k])));
    });
    return mesh;
  }

  function lines(points, colour, width) {
    const trace = { type: "scatter3d", mode: "lines", x: [], y: [], z: [], line: { color: colour, width }, hoverinfo: "skip", showlegend: false };
    points.forEach((point, n) => {
      ["x", "y", "z"].forEach((axis, k) => trace[axis].push(point[k]));
      if (n % 2) ["x", "y", "z"].forEach((axis) => trace[axis].push(null));
    });
    return trace;
  }

  function bonds({ elements, bonds: pairs }) {
    const centres = elements.flatMap(({ atoms: places }) => places);
    return pairs.flat().map((n) => centres[n]);
  }

  function figure(structure, camera) {
    const { ink, quiet, font } = theme();
    return {
      data: [...structure.elements.map(atoms), lines(bonds(structure), quiet, 5), lines(structure.cell, ink, 2)],
      layout: {
        font, uirevision: "kept", margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)",
        legend: { orientation: "h", x: 0, y: 0, yanchor: "top", itemsizing: "constant" },
        scene: { ...scene(structure), camera },
      },
    };
  }

  // Axes as long as the crystal, scaled to fill the view from every side.
  function scene({ elements, cell }) {
    const points = [...elements.flatMap(({ atoms: centres }) => centres), ...cell];
    const ends = [0, 1, 2].map((k) => [Math.min(...points.map((p) => p[k])) - 0.6, Math.max(...points.map((p) => p[k])) + 0.6]);
    const spans = ends.map(([low, high]) => high - low);
    const middle = ends.map(([low, high]) => (low + high) / 2);
    const scale = 1.1 / Math.max(...points.map((p) => Math.hypot(...p.map((x, k) => x - middle[k])) + 0.6));
    const axis = (k) => ({ visible: false, showspikes: false, range: ends[k], autorange: false });
    const aspectratio = { x: scale * spans[0], y: scale * spans[1], z: scale * spans[2] };
    return { aspectmode: "manual", aspectratio, xaxis: axis(0), yaxis: axis(1), zaxis: axis(2), dragmode: "orbit", bgcolor: "rgba(0,0,0,0)" };
  }

  // The first view is of the broad side, slightly from above.
  function firstView({ elements }) {
    const places = elements.flatMap(({ atoms: centres }) => centres);
    const mean = [0, 1].map((k) => places.reduce((sum, place) => sum + place[k], 0) / places.length);
    const moment = (k, l) => places.reduce((sum, place) => sum + (place[k] - mean[k]) * (place[l] - mean[l]), 0);
    const long = Math.atan2(2 * moment(0, 1), moment(0, 0) - moment(1, 1)) / 2;
    const round = long + Math.PI / 2 - 0.4;
    return { ...UPRIGHT, eye: { x: 1.45 * Math.cos(round), y: 1.45 * Math.sin(round), z: 0.5 } };
  }

  // Rotate the camera about the vertical (`across`) or towards it (`over`), in radians.
  function turned(camera, across, over) {
    const { x, y, z } = camera.eye;
    const far = Math.hypot(x, y, z);
    const round = Math.atan2(y, x) + across;
    const high = Math.max(-1.5, Math.min(1.5, Math.asin(z / far) + over));
    const eye = { x: far * Math.cos(high) * Math.cos(round), y: far * Math.cos(high) * Math.sin(round), z: far * Math.sin(high) };
    return { ...camera, eye, up: UPRIGHT.up };
  }

  function along(axis) {
    const [x, y, z] = unit(axis).map((part) => 1.6 * part);
    const upright = Math.abs(z) > 1.4;
    return { ...UPRIGHT, eye: { x, y, z }, up: upright ? { x: 0, y: 1, z: 0 } : UPRIGHT.up };
  }

  // A view with its buttons. `show` and `free` may be called repeatedly; the camera is kept.
  report.structureView = (place, buttons, structures) => {
    let current = 0;
    let camera = firstView(structures[0]);
    let drawn = false;

    function show() {
      const { data, layout } = figure(structures[current], camera);
      Plotly.react(place, data, layout, { responsive: true, displayModeBar: false, scrollZoom: false })
        .then(() => {
          if (!drawn) place.on("plotly_relayout", () => { camera = place.layout.scene.camera ?? camera; });
          drawn = true;
        })
        .catch(() => place.replaceChildren(element("p", { className: "note", textContent: text("no_webgl") })));
    }

    function free() {
      if (!drawn) return;
      Plotly.purge(place);
      drawn = false;
    }

    function look(next) {
      camera = next;
      if (drawn) Plotly.relayout(place, { "scene.camera": next });
    }

    const turn = (across, over) => () => look(turned(camera, across, over));
    buttons.append(
      button(text("turn_left"), "←", turn(-STEP, 0)), button(text("turn_right"), "→", turn(STEP, 0)),
      button(text("turn_up"), "↑", turn(0, STEP)), button(text("turn_down"), "↓", turn(0, -STEP)),
      ...["a", "b", "c"].map((axis, n) => button(text("along", { axis }), axis, () => look(along(structures[current].axes[n])))),
      button(text("reset"), "⟲", () => look(firstView(structures[current]))),
    );
    if (structures.length > 1) {
      const ends = structures.map(({ label }, n) => {
        const made = element("button", { type: "button", textContent: label });
        made.setAttribute("aria-pressed", String(n === 0));
        made.addEventListener("click", () => {
          current = n;
          ends.forEach((other, k) => other.setAttribute("aria-pressed", String(k === n)));
          if (drawn) show();
        });
        return made;
      });
      buttons.append(element("span", { className: "ends" }, ...ends));
    }
    return { show, free, redraw: () => drawn && show() };
  };
})();
