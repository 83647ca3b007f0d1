// The page of a run: exchanges the token for a cookie, puts what is sent into its places, and sends what is asked for.
"use strict";

const at = (id) => document.getElementById(id);
const words = document.body.dataset;
// Markup that waits, because somebody reads or fills in its place.
const waiting = new Map();
let ended = false;

function notice(text) {
  at("notice").textContent = text;
  at("notice").hidden = !text;
}

function say(text, bad) {
  at("said").textContent = text;
  at("said").className = bad ? "bad" : "";
}

const isRead = (place) => "still" in place.dataset && place.matches(":hover, :focus-within");

function place(id, markup) {
  const place = at(id);
  if (!place) return;
  if (isRead(place)) {
    waiting.set(id, markup);
    return;
  }
  waiting.delete(id);
  const open = [...place.querySelectorAll("details")].map((one) => one.open);
  place.innerHTML = markup;
  place.querySelectorAll("details").forEach((one, number) => { one.open = Boolean(open[number]); });
}

function showState(state) {
  if (words.phase && words.phase !== state.phase) say("");
  document.body.dataset.phase = state.phase;
  const level = document.querySelector("#change-form [name=level]");
  if (level && level !== document.activeElement && state.level) level.value = state.level;
  document.body.dataset.kind = state.kind;
}

// When nobody will serve the files any more, the tab keeps them.
function keep(files) {
  for (const [name, text] of Object.entries(files)) {
    const link = document.querySelector(`a[download="${name}"]`);
    if (link) link.href = URL.createObjectURL(new Blob([text]));
  }
}

function show({ state, places = {}, files }) {
  at("all").hidden = false;
  if (state) showState(state);
  for (const [id, markup] of Object.entries(places)) place(id, markup);
  for (const id of ["ladder", "journeys"]) at(`tab-panel-${id}`).hidden = !at(id).innerHTML;
  if (at("title").textContent) document.title = at("title").textContent;
  if (files) keep(files);
}

function listen() {
  const events = new EventSource("events");
  events.onopen = () => notice("");
  events.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    show(message);
    if (!message.files) return;
    ended = true;
    events.close();
    notice(words.ended);
  };
  events.onerror = () => {
    if (ended) return;
    notice(words.lost);
    // A refusal is not tried again by itself.
    if (events.readyState === EventSource.CLOSED) setTimeout(begin, 3000);
  };
}

async function enter(token) {
  const reply = await fetch("session", { method: "POST", body: token });
  if (!reply.ok) return notice(await reply.text());
  at("enter").hidden = true;
  listen();
}

async function begin() {
  const reply = await fetch("session").catch(() => null);
  if (!reply) return setTimeout(begin, 3000);
  if (reply.ok) return listen();
  at("enter").hidden = false;
  notice(await reply.text());
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  if (form.id === "enter") return enter(new FormData(form).get("token"));
  try {
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const reply = await fetch("steer", { method: "POST", body });
    say(await reply.text(), !reply.ok);
  } catch {
    say(words.lost, true);
  }
}

function choose(tab) {
  for (const other of document.querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", chosen);
    other.tabIndex = chosen ? 0 : -1;
    at(other.getAttribute("aria-controls")).hidden = !chosen;
  }
}

function move(event) {
  const tabs = [...document.querySelectorAll("[role=tab]:not([hidden])")];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const now = tabs.indexOf(event.target);
  if (!step || now < 0) return;
  const next = tabs[(now + step + tabs.length) % tabs.length];
  choose(next);
  next.focus();
}

function release() {
  for (const [id, markup] of [...waiting]) place(id, markup);
}

document.addEventListener("submit", send);
document.addEventListener("click", ({ target }) => target.matches("[role=tab]") && choose(target));
document.addEventListener("keydown", move);
document.addEventListener("focusout", () => setTimeout(release));
document.addEventListener("mouseout", () => setTimeout(release));

const token = location.hash.slice(1);
if (token) history.replaceState(null, "", location.pathname);
if (token) enter(token); else begin();
