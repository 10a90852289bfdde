(() => {
  const bar = document.querySelector(".filter");
  const articles = [...document.querySelectorAll("article")];
  const told = bar.querySelector("output");
  bar.hidden = false;
  bar.addEventListener("click", (click) => {
    const button = click.target.closest("button");
    if (!button) return;
    const show = button.dataset.show;
    bar.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
    let count = 0;
    articles.forEach((a) => {
      const seen = show === "all" || a.dataset[show] === "1";
      a.hidden = !seen;
      a.style.display = seen ? "" : "none";
      count += seen ? 1 : 0;
    });
    told.textContent = count + " of " + articles.length + " segments";
  });
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) bar.querySelector('[data-show="all"]').click();
    if (target) target.scrollIntoView();
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => (d.open = true)));
})();
