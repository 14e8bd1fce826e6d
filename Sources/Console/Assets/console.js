// What the pages do beyond HTML: they stay fresh, count down, filter and copy. Without it everything can still be read.
"use strict";
(() => {
  const main = document.getElementById("main");
  const told = document.getElementById("live");
  const every = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);
  const pad = (number) => String(number).padStart(2, "0");

  function span(seconds) {
    const days = Math.floor(seconds / 86400), hours = Math.floor((seconds % 86400) / 3600);
    const minutes = Math.floor((seconds % 3600) / 60), rest = Math.floor(seconds % 60);
    if (days) return `${days} d ${hours} h`;
    if (hours) return `${hours}:${pad(minutes)}:${pad(rest)} h`;
    return `${minutes}:${pad(rest)} min`;
  }

  function tick() {
    const now = Date.now();
    every("[data-countdown]", (element) => {
      const left = (Date.parse(element.dateTime) - now) / 1000;
      element.textContent = left > 0 ? `in ${span(left)}` : "now";
      element.classList.toggle("soon", left < 300);
    });
    every("[data-ago]", (element) => {
      const passed = Math.max(0, (now - Date.parse(element.dateTime)) / 1000);
      element.textContent = passed < 2 ? "just now" : `${passed < 60 ? `${Math.floor(passed)} s` : span(passed)} ago`;
    });
  }

  function dress() {
    every("time[datetime]", (element) => {
      const moment = new Date(element.dateTime);
      if (!element.title && !Number.isNaN(moment.getTime())) {
        element.title = `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC; here ${moment.toLocaleString()}`;
      }
    });
    every("pre.command", (element) => {
      if (!navigator.clipboard || element.querySelector(".copy")) return;
      const button = document.createElement("button");
      button.className = "copy";
      button.textContent = "Copy";
      button.addEventListener("click", () => {
        navigator.clipboard.writeText(element.querySelector("code").textContent).then(() => {
          button.textContent = "Copied";
          setTimeout(() => { button.textContent = "Copy"; }, 1500);
        });
      });
      element.append(button);
    });
    every("[data-filter]", (input) => {
      input.closest("label").hidden = false;
      if (!input.dataset.ready) input.addEventListener("input", () => filter(input));
      input.dataset.ready = "yes";
      filter(input);
    });
    tick();
  }

  function filter(input) {
    const wanted = input.value.toLowerCase();
    const rows = document.querySelector(input.dataset.filter);
    if (rows) for (const row of rows.children) row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
  }

  // A fresh copy of the page takes the place of those parts that differ; what is open, typed or marked stays.
  function isInUse(element) {
    const chosen = document.getSelection();
    return element.contains(document.activeElement) && document.activeElement !== main
      && /^(INPUT|SELECT|BUTTON|SUMMARY|TEXTAREA)$/.test(document.activeElement.tagName)
      || Boolean(chosen && !chosen.isCollapsed && element.contains(chosen.anchorNode))
      || Boolean(element.querySelector("[data-keep]"));
  }

  let shown = Array.from(main.children, (child) => child.outerHTML);
  function take(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
    if (!fresh || !("live" in fresh.dataset)) return;
    const incoming = Array.from(fresh.children);
    const markup = incoming.map((child) => child.outerHTML);
    const count = Math.max(incoming.length, main.children.length);
    for (let index = count - 1; index >= 0; index -= 1) {
      const [before, after] = [main.children[index], incoming[index]];
      if (markup[index] === shown[index]) continue;
      if (before && isInUse(before)) { markup[index] = shown[index]; continue; }
      if (!after) before.remove();
      else if (!before) main.append(after);
      else {
        const open = new Set(Array.from(before.querySelectorAll("details[open][id]"), (element) => element.id));
        every("details[id]", (element) => { if (open.has(element.id)) element.open = true; }, after);
        const typed = before.querySelector("[data-filter]");
        before.replaceWith(after);
        const field = after.querySelector("[data-filter]");
        if (typed && field) field.value = typed.value;
      }
    }
    shown = markup;
    dress();
  }

  let [stream, due, busy, version] = [null, null, false, ""];
  function refresh(pause) {
    if (due || document.hidden) return;
    due = setTimeout(async () => {
      due = null;
      if (busy) return refresh(500);
      busy = true;
      try {
        const headers = version ? { "If-None-Match": version } : {};
        const answer = await fetch(location.href.split("#")[0], { headers, cache: "no-store", redirect: "error" });
        if (answer.ok) { version = answer.headers.get("ETag") || ""; take(await answer.text()); }
        if (told) told.textContent = answer.ok || answer.status === 304 ? "" : "cannot be refreshed: sign in again?";
      } catch { if (told) told.textContent = "Curfew does not answer"; }
      busy = false;
    }, pause);
  }

  function listen() {
    if (stream || document.hidden) return;
    stream = new EventSource("/api/v1/changes");
    // Many browsers hear the same bell: they do not all knock at once.
    stream.addEventListener("change", () => refresh(150 + Math.random() * 450));
    stream.addEventListener("open", () => refresh(50));
  }

  dress();
  setInterval(tick, 1000);
  if ("live" in main.dataset) {
    listen();
    // The stream tells of events; health that changes without one is seen by looking again.
    setInterval(() => refresh(0), 15000);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { if (stream) stream.close(); stream = null; } else { listen(); refresh(0); }
    });
  }
})();
