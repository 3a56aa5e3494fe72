// What is wider than the screen fades at its edge, and is scrolled with the arrow keys, too.
(() => {
  const update = (box) => {
    const hidden = box.scrollWidth - box.clientWidth;
    const first = box.querySelector("td");
    box.classList.toggle("scrolls", hidden > 1);
    box.classList.toggle("fades", hidden - box.scrollLeft > 1);
    box.classList.toggle("keeps-first", first !== null && first.offsetWidth * 2.2 < box.clientWidth);
    if (hidden > 1) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  };
  const sizes = new ResizeObserver((changes) => changes.forEach((change) => update(change.target)));
  for (const box of document.querySelectorAll(".table-wrapper, pre")) {
    box.addEventListener("scroll", () => update(box), { passive: true });
    sizes.observe(box);
  }
})();
