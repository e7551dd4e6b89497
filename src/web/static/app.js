// What pages do better with a script. Without it everything works: these are folds that load when they open, one menu at
// a time, and shortcuts. No framework, no request to anywhere but the page's own server.
"use strict";
(() => {
  const live = document.getElementById("live");
  const say = (text) => { if (live) live.textContent = text; };

  // On a small screen the menu is closed at first.
  const menu = document.querySelector(".menu");
  if (menu && window.matchMedia("(max-width: 900px)").matches) menu.open = false;

  // A fold with data-load fetches what it holds when it is opened; its link works without a script.
  document.addEventListener("toggle", async (event) => {
    const fold = event.target;
    if (!(fold instanceof HTMLDetailsElement) || !fold.open || !fold.dataset.load) return;
    const href = fold.dataset.load;
    delete fold.dataset.load;
    const place = fold.querySelector("[data-place]");
    try {
      const answer = await fetch(href, { headers: { "x-fragment": "1" } });
      if (!answer.ok) throw new Error(String(answer.status));
      place.innerHTML = await answer.text();
    } catch {
      fold.dataset.load = href;
      place.textContent = "It could not be loaded. Close and open it to try again.";
    }
  }, true);

  // Menus close when the focus or the pointer goes elsewhere, and on Escape.
  const drops = () => document.querySelectorAll(".drop[open], .chips details[open]");
  document.addEventListener("click", (event) => {
    for (const drop of drops()) if (!drop.contains(event.target)) drop.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const drop of drops()) { drop.open = false; drop.querySelector("summary").focus(); }
    }
  });

  // A list that takes longer than a second says that it is being made.
  let timer;
  const begin = () => { clearTimeout(timer); timer = setTimeout(() => say("Filtering…"), 1000); };
  for (const chips of document.querySelectorAll(".chips, .tabs, .pager")) {
    chips.addEventListener("click", (event) => { if (event.target.closest("a")) begin(); });
    chips.addEventListener("submit", begin);
  }
  // The blank fields of a filter form do not belong in the address.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "get") return;
    for (const field of form.querySelectorAll("input, select")) if (field.value === "") field.disabled = true;
  });
  window.addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("form[action] :disabled")) field.disabled = false;
  });

  // The whole page of a table is marked by the box in its head, which without a script would do nothing.
  for (const box of document.querySelectorAll("input[data-all]")) box.hidden = false;
  document.addEventListener("change", (event) => {
    const all = event.target;
    if (!all.matches || !all.matches("input[data-all]")) return;
    for (const box of all.closest("table").querySelectorAll("tbody input[type=checkbox]")) box.checked = all.checked;
  });

  // A file can be dropped where it can be chosen.
  for (const zone of document.querySelectorAll("[data-drop]")) {
    const input = zone.querySelector("input[type=file]");
    zone.querySelector("[data-drop-hint]").hidden = false;
    zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      if (event.dataTransfer.files.length === 1) { input.files = event.dataTransfer.files; say(input.files[0].name + " chosen"); }
    });
  }

  // A job shows how far it is, and leads to its result when it is done.
  for (const place of document.querySelectorAll("[data-refresh]")) {
    let told = -1;
    const look = async () => {
      try {
        const answer = await fetch(place.dataset.refresh, { headers: { "x-fragment": "1" } });
        if (!answer.ok) throw new Error(String(answer.status));
        place.innerHTML = await answer.text();
        const { state, result } = place.firstElementChild.dataset;
        if (state === "done" && result) { location.replace(result); return; }
        if (state !== "waiting" && state !== "running") { location.reload(); return; }
        const bar = place.querySelector("progress");
        const tenth = bar && bar.hasAttribute("value") ? Math.floor(bar.value / 10) : -1;
        if (tenth > told) { told = tenth; say(place.querySelector("p").textContent); }
      } catch { /* The server may be starting again; the next look tells. */ }
      setTimeout(look, 700);
    };
    setTimeout(look, 300);
  }

  // Single keys can be switched off in this browser, because some people speak or brush over keys.
  const switchOfKeys = document.querySelector("[data-keys-switch]");
  const keysAreOn = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  if (switchOfKeys) {
    switchOfKeys.closest("section").hidden = false;
    switchOfKeys.checked = keysAreOn();
    switchOfKeys.addEventListener("change", () => {
      localStorage.setItem("keys", switchOfKeys.checked ? "on" : "off");
      say(switchOfKeys.checked ? "Single keys are on" : "Single keys are off");
    });
  }

  // The page of a row leads on to the rows beside it in the list that the person came from.
  const pathOf = (link) => new URL(link.href, location.href).pathname;
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("main table a[href]");
    const kind = link && /^\/(advisories|assets)\/[^/]/.exec(pathOf(link));
    if (!kind) return;
    const all = [...link.closest("table").querySelectorAll("a[href]")].map(pathOf);
    const rows = [...new Set(all.filter((path) => path.startsWith(`/${kind[1]}/`)))];
    try { sessionStorage.setItem(`rows of ${kind[1]}`, JSON.stringify(rows)); } catch { /* Then there is no way on. */ }
  });
  const neighbours = document.querySelector("[data-neighbours]");
  if (neighbours) {
    let rows = [];
    try { rows = JSON.parse(sessionStorage.getItem(`rows of ${location.pathname.split("/")[1]}`)) || []; } catch { /* none */ }
    const at = rows.indexOf(location.pathname);
    for (const [path, label, key] of at < 0 ? [] : [[rows[at - 1], "Previous in the list", "["], [rows[at + 1], "Next in the list", "]"]]) {
      if (!path) continue;
      const link = document.createElement("a");
      link.href = path;
      link.textContent = label;
      link.dataset.neighbour = key;
      neighbours.append(link);
      neighbours.hidden = false;
    }
  }

  // Keys of the review: only inside its card, never while typing, and not with a modifier.
  const typing = (target) => target.closest("input:not([type=radio]):not([type=checkbox]), select, textarea");
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    // Brackets and the question mark need AltGr, which counts as Ctrl and Alt, on many keyboards.
    const isPlain = !(event.ctrlKey || event.altKey || event.metaKey) || event.getModifierState("AltGraph");
    if (!isPlain || typing(target) || !keysAreOn()) return;
    const neighbour = document.querySelector(`[data-neighbour="${CSS.escape(event.key)}"]`);
    if (neighbour) { event.preventDefault(); neighbour.click(); return; }
    if (event.key === "?") { location.assign("/help#keys"); return; }
    const card = document.querySelector("[data-keys]");
    const inside = card && card.contains(target);
    if (event.key.toLowerCase() === "u" && (inside || target.closest(".status-bar"))) {
      const undo = document.querySelector(".status-bar button");
      if (undo) { event.preventDefault(); undo.click(); }
    } else if (inside) {
      const wanted = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const button = card.querySelector(`[data-key="${CSS.escape(wanted)}"]`);
      if (button && !(wanted === "ArrowRight" && target.matches("input"))) { event.preventDefault(); button.click(); }
    }
  });
  // The heading of the question takes the focus, so that it is read out and the keys work at once.
  const heading = document.querySelector("[data-focus]");
  if (heading && !location.hash) heading.focus({ preventScroll: true });

  // A grid to type into: Enter goes down, a column that is pasted fills the fields below.
  for (const grid of document.querySelectorAll("[data-grid]")) {
    const below = (field) => {
      const column = [...grid.querySelectorAll(`[data-column="${CSS.escape(field.dataset.column)}"]`)];
      return column.slice(column.indexOf(field));
    };
    grid.addEventListener("keydown", (event) => {
      const field = event.target;
      if (event.key !== "Enter" || !field.dataset || !field.dataset.column) return;
      const next = below(field)[1];
      if (next) { event.preventDefault(); next.focus(); next.select(); }
    });
    grid.addEventListener("paste", (event) => {
      const field = event.target;
      const text = event.clipboardData ? event.clipboardData.getData("text") : "";
      const values = text.replace(/\r/g, "").replace(/\n$/, "").split("\n");
      if (!field.dataset || !field.dataset.column || values.length < 2) return;
      event.preventDefault();
      const fields = below(field).slice(0, values.length);
      fields.forEach((one, n) => { one.value = values[n].split("\t")[0].trim(); });
      say(`${fields.length} of ${values.length} values pasted`);
    });
  }

  window.nameplate = { say };
})();
