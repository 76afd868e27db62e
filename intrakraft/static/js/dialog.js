/* a[data-dialog]: the part #confirm of the page it leads to, shown in front of this one. Any trouble, and the link is simply followed. */
(() => {
  "use strict";
  if (!window.HTMLDialogElement) return;
  const open = async (link) => {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true", "HX-Target": "section#confirm" } });
    if (!answer.ok || answer.redirected) throw new Error("no question");
    const dialog = document.createElement("dialog");
    const asked = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("confirm");
    dialog.setAttribute("aria-labelledby", asked.getAttribute("aria-labelledby"));
    dialog.append(asked);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => {
      if (event.target !== dialog && !event.target.closest("[data-dialog-close]")) return;
      event.preventDefault();
      dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link).catch(() => { window.location = link.href; });
  });
})();
