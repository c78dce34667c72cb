// Keeps the payer's page live. The page is complete without it: this hears by server-sent events that there is news
// (or, where a stream can't be had, asks the public JSON), fetches the page again and swaps the parts marked data-live,
// so that texts exist once, on the server.
"use strict";
(() => {
  const pollEvery = 3000, pollWhenDone = 30000, longestPause = 30000;
  const payment = document.querySelector("[data-payment]");
  if (!payment) return;

  document.documentElement.classList.add("js");
  const api = `/v1/public/payments/${location.pathname.split("/").pop()}`;
  const offline = document.querySelector("[data-offline]");
  let ahead, etag, stream, failures = 0, timer = 0, asking = false, timeOver = false;

  const isDone = () => !["Pending", "Paid"].includes(document.querySelector("[data-state]").dataset.state);

  function adopt(served) {
    ahead = Date.parse(served.dataset.serverTime) - Date.now();
    etag = served.dataset.etag;
    timeOver = false;
    const end = document.querySelector("time");
    if (end) {
      end.textContent = new Date(end.dateTime)
        .toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    }
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
      const answer = await fetch(api, { headers, cache: "no-store" });
      if (answer.status === 200) await swap();
      else if (answer.status !== 304) throw new Error(answer.status);
      failures = 0;
    } catch {
      failures++;
    }
    asking = false;
    offline.hidden = failures < 2;
    // While a stream is open this is only the net below it.
    const pause = isDone() || stream?.readyState === EventSource.OPEN ? pollWhenDone : pollEvery;
    timer = setTimeout(poll, Math.min(pause * 2 ** failures, longestPause));
  }

  function follow() {
    stream?.close();
    stream = new EventSource(`${api}/stream`);
    stream.addEventListener("status", (news) => { if (news.lastEventId !== etag) poll(); });
    // It connects again by itself, unless it was refused; either way the page asks meanwhile.
    stream.addEventListener("error", poll);
  }

  function tick() {
    const left = document.querySelector("[data-countdown]");
    if (!left) return;
    const seconds = Math.ceil((Date.parse(left.dataset.countdown) - Date.now() - ahead) / 1000);
    if (seconds > 0) {
      const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      const shown = (parts[0] > 0 ? parts : parts.slice(1))
        .map((part, at) => at ? String(part).padStart(2, "0") : part).join(":");
      left.textContent = left.dataset.pattern.replace("{time}", `\u2068${shown}\u2069`);
    } else if (!timeOver) {
      timeOver = true;
      poll();
    }
  }

  async function copy(button) {
    button.dataset.name ??= button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = payment.dataset.copied;
    } catch {
      // No clipboard here (plain http, an old browser): select the text, so that one key press copies it.
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      button.textContent = payment.dataset.selected;
    }
    setTimeout(() => { button.textContent = button.dataset.name; }, 2000);
  }

  for (const part of document.querySelectorAll("[data-live]")) part.dataset.served = part.innerHTML;
  document.addEventListener("click", (click) => {
    const button = click.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      stream?.close();
    } else {
      follow();
      poll();
    }
  });
  setInterval(tick, 1000);
  adopt(payment);
  follow();
  poll();
})();
