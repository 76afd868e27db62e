/* #status[data-silent]: when no answer comes, or none of ours, the page says so; the next act clears what was said. */
(() => {
  "use strict";
  const status = document.getElementById("status");
  if (!status) return;
  const said = status.firstElementChild;
  document.addEventListener("htmx:before:request", () => said.replaceChildren());
  const silence = () => {
    const note = document.createElement("p");
    note.className = "note bad";
    note.textContent = status.dataset.silent;
    said.replaceChildren(note);
  };
  document.addEventListener("htmx:error", silence);
  document.addEventListener("htmx:response:error", (event) => {
    if ([502, 503, 504].includes(event.detail.ctx.response.status)) silence();
  });
})();
