// Cards draw their structures only while they are visible: browsers allow few WebGL scenes at a time.
(() => {
  const { data, onTheme } = report;
  const all = [...document.querySelectorAll("details.card")];

  for (const card of all) {
    const pictures = data.cards[card.dataset.rank];
    const place = card.querySelector(".structure");
    if (!pictures || !place) continue;
    const view = report.structureView(place, card.querySelector(".turning"), pictures.structures);
    new IntersectionObserver(([seen]) => (seen.isIntersecting ? view.show() : view.free()), { rootMargin: "100px" }).observe(place);
    onTheme(view.redraw);
    addEventListener("beforeprint", () => report.closed(place) || view.show());
    card.querySelectorAll(".curve").forEach((curve, index) => {
      report.whenSeen(curve, () => report.drawFigure(curve, pictures.curves[index]));
    });
  }

  function show(place) {
    if (place.matches("details")) place.open = true;
    place.scrollIntoView();
    const reached = place.querySelector("summary") ?? place;
    if (reached === place) place.tabIndex = -1;
    reached.focus({ preventScroll: true });
  }

  function openAddressed() {
    const card = document.getElementById(location.hash.slice(1));
    if (card?.matches("details")) show(card);
  }

  addEventListener("hashchange", openAddressed);
  // MLflow shows the page under an address that no longer exists when a link within the page is clicked.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    const place = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!place) return;
    event.preventDefault();
    show(place);
    try {
      history.pushState(null, "", link.getAttribute("href"));
    } catch {
      // A page without its own address cannot write to the history, and need not.
    }
  });
  openAddressed();
  document.getElementById("open-all")?.addEventListener("click", () => all.forEach((card) => { card.open = true; }));
  document.getElementById("close-all")?.addEventListener("click", () => all.forEach((card) => { card.open = false; }));

  // In the frame of a viewer, links that leave the page do not work, and there are no files beside it.
  if (!["file:", "http:", "https:"].includes(location.protocol)) {
    document.querySelectorAll("a.outside").forEach((link) => {
      link.replaceWith(report.element("code", { textContent: link.getAttribute("href") }));
    });
  }
})();
