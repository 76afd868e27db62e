/* After a part is swapped: what is to be read first ([data-focus]) takes the focus; a focus that was lost goes to the new part. */
(() => {
  "use strict";
  const first = (root) => root.querySelector("[data-focus]");
  const take = (element) => {
    if (!element.hasAttribute("tabindex")) element.setAttribute("tabindex", "-1");
    element.focus();
  };
  const summary = first(document);
  if (summary) take(summary);
  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail;
    const wanted = typeof ctx.target === "string" ? document.querySelector(ctx.target) : document.getElementById(ctx.target.id);
    const asked = wanted && first(wanted);
    if (asked) return take(asked);
    const lost = !document.activeElement || document.activeElement === document.body || document.activeElement.disabled;
    if (lost && wanted) take(wanted);
  });
})();
