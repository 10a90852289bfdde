(() => {
  const bar = document.querySelector(".filter");
  const articles = [...document.querySelectorAll("article")];
  const events = articles.filter((a) => a.dataset.event);
  const told = bar.querySelector("output");
  const finding = bar.querySelector("select");
  let show = "all";
  bar.hidden = false;
  const apply = () => {
    let count = 0;
    articles.forEach((a) => {
      const seen = (show === "all" || a.dataset[show] === "1")
        && (!finding.value || a.dataset.findings.split(" ").includes(finding.value));
      a.hidden = !seen;
      count += seen ? 1 : 0;
    });
    bar.querySelectorAll("[data-show]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.show === show)));
    told.textContent = count + " of " + articles.length + " segments";
  };
  const step = (by) => {
    const shown = events.filter((a) => !a.hidden);
    if (!shown.length) return;
    const at = shown.findIndex((a) => "#" + a.id === location.hash);
    const next = at < 0 ? (by > 0 ? 0 : shown.length - 1) : (at + by + shown.length) % shown.length;
    location.hash = shown[next].id;
  };
  bar.addEventListener("click", (click) => {
    const button = click.target.closest("button");
    if (!button) return;
    if (button.dataset.step) return step(Number(button.dataset.step));
    show = button.dataset.show;
    apply();
  });
  finding.addEventListener("change", apply);
  addEventListener("keydown", (key) => {
    if (key.ctrlKey || key.metaKey || key.altKey || key.target.closest("select, input, textarea")) return;
    if (key.key === "n") step(1);
    if (key.key === "p") step(-1);
  });
  const arrive = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) { show = "all"; finding.value = ""; apply(); }
    if (!target) return;
    for (let d = target.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    target.scrollIntoView({ block: target.matches("article") ? "start" : "center" });
    (target.querySelector("h3 a") || target).focus({ preventScroll: true });
  };
  addEventListener("hashchange", arrive);
  if (location.hash) arrive();
  addEventListener("beforeprint", () => document.querySelectorAll("article:not([hidden]) details, .evidence").forEach((d) => (d.open = true)));
})();
