/* form[data-once]: a second press while the first is on its way does nothing, and the button says that it is sending. */
(() => {
  "use strict";
  const sent = new Map();
  const release = () => {
    sent.forEach((button) => button && button.classList.remove("htmx-request"));
    sent.clear();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[data-once]")) return;
    if (sent.has(form)) return event.preventDefault();
    sent.set(form, event.submitter);
    if (event.submitter) event.submitter.classList.add("htmx-request");
    setTimeout(release, 10000);
  });
  window.addEventListener("pageshow", release);
})();
