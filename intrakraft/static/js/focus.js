/* After a part is swapped: what is to be read first ([data-focus]) takes the focus. A focus that was lost goes to the new part,
   to the first of the rows that a pager brought, or back to the button whose act was refused. */
(() => {
  "use strict";
  const first = (root) => root.querySelector("[data-focus]");
  const take = (element) => {
    if (!element.hasAttribute("tabindex")) element.setAttribute("tabindex", "-1");
    element.focus();
  };
  const isLost = () => {
    const active = document.activeElement;
    return !active || active === document.body || active.disabled || !active.getClientRects().length;
  };
  const follow = ({ target, sourceElement, request }) => {
    const part = typeof target === "string" ? document.querySelector(target) : document.getElementById(target.id);
    const asked = part && first(part);
    const more = sourceElement.closest(".more");
    const next = more && more.nextElementSibling && more.nextElementSibling.querySelector("a");
    if (asked) take(asked);
    else if (!part || !isLost()) return;
    else if (next) next.focus();
    else if (part.closest("#status") && request.submitter) request.submitter.focus();
    else take(part);
  };
  const summary = first(document);
  if (summary) take(summary);
  document.addEventListener("htmx:after:swap", (event) => setTimeout(follow, 0, event.detail.ctx));
})();
