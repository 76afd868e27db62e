/* form[data-passkey="create|get"]: asks the browser for a passkey, puts its answer into the form and sends it.
   The options come from [data-options], a POST guarded by the form's own token. */
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const ask = {
    create: (o) => navigator.credentials.create({ publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: known(o.excludeCredentials) } }),
    get: (o) => navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: known(o.allowCredentials) } }),
  };
  const said = (made) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} });
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-passkey]") || form.elements.answer.value) return;
    event.preventDefault();
    const token = new FormData(form).get("csrf_token");
    const options = await fetch(form.dataset.options, { method: "POST", headers: { "X-CSRFToken": token } });
    try {
      if (!options.ok) throw new Error("no options");
      form.elements.answer.value = said(await ask[form.dataset.passkey](await options.json()));
    } catch (error) {
      form.elements.answer.value = "none";
    }
    form.submit();
  });
})();
