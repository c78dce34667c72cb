// Keeps the payer's page live. The page is complete without it: this asks the public JSON whether there is news and,
// when there is, fetches the page again and swaps the parts marked data-live, so that texts exist once, on the server.
"use strict";
(() => {
  const pollEvery = 3000, pollWhenDone = 30000, longestPause = 30000;
  const payment = document.querySelector("[data-payment]");
  if (!payment) return;

  document.documentElement.classList.add("js");
  const token = location.pathname.split("/").pop();
  const offline = document.querySelector("[data-offline]");
  let ahead, etag, failures = 0, timer = 0, asking = false, timeOver = false;

  const isDone = () => !["Pending", "Paid"].includes(document.querySelector("[data-state]").dataset.state);

  function adopt(served) {
    ahead = Date.parse(served.dataset.serverTime) - Date.now();
    etag = served.dataset.etag;
    timeOver = false;
    const end = document.querySelector("time");
    if (end) end.textContent = new Date(end.dateTime).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    tick();
  }

  async function swap() {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = fresh.title;
    for (const part of document.querySelectorAll("[data-live]")) {
      const replacement = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      // Untouched parts keep the focus, the selection, and the silence of a screen reader.
      if (replacement && part.dataset.served !== replacement.innerHTML) {
        part.dataset.served = replacement.innerHTML;
        part.replaceChildren(...replacement.childNodes);
      }
    }
    adopt(fresh.querySelector("[data-payment]"));
  }

  async function poll() {
    if (asking) return;
    asking = true;
    clearTimeout(timer);
    try {
      const headers = { "If-None-Match": etag };
      const answer = await fetch(`/v1/public/payments/${token}`, { headers, cache: "no-store" });
      if (answer.status === 200) await swap();
      else if (answer.status !== 304) throw new Error(answer.status);
      failures = 0;
    } catch {
      failures++;
    }
    asking = false;
    offline.hidden = failures < 2;
    const pause = isDone() ? pollWhenDone : pollEvery;
    timer = setTimeout(poll, Math.min(pause * 2 ** failures, longestPause));
  }

  function tick() {
    const left = document.querySelector("[data-countdown]");
    if (!left) return;
    const seconds = Math.ceil((Date.parse(left.dataset.countdown) - Date.now() - ahead) / 1000);
    if (seconds > 0) {
      const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      const shown = parts[0] > 0 ? parts : parts.slice(1);
      left.textContent = `${shown.map((part, at) => at ? String(part).padStart(2, "0") : part).join(":")} left`;
    } else if (!timeOver) {
      timeOver = true;
      poll();
    }
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      // No clipboard here (plain http, an old browser): select the text, so that one key press copies it.
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  for (const part of document.querySelectorAll("[data-live]")) part.dataset.served = part.innerHTML;
  document.addEventListener("click", (click) => {
    const button = click.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : poll());
  setInterval(tick, 1000);
  adopt(payment);
  poll();
})();
