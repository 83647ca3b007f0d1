// The page of a run: exchanges the token for a cookie, puts what is sent into its places, and sends what is asked for.
"use strict";

const at = (id) => document.getElementById(id);
const words = document.body.dataset;
// Markup that waits, because somebody reads or fills in its place.
const waiting = new Map();
let ended = false;
let events = null;
// What is tried again, and when.
let again = 0;
// storemgr says something every five seconds. A connection that has said nothing for so many milliseconds is dead, even if
// nobody has noticed; each that died makes the next one wait longer, since a slow one may only be slow.
const longest = 120000;
let patience = 15000;
let watch = 0;

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

function retry(what) {
  notice(words.lost);
  clearTimeout(again);
  again = setTimeout(what, 3000);
}

// The connection has said something, be it that it is broken: waits for the next time.
function heard() {
  clearTimeout(watch);
  watch = setTimeout(() => {
    patience = Math.min(2 * patience, longest);
    notice(words.lost);
    listen();
  }, patience);
}

function listen() {
  if (events) events.close();
  events = new EventSource("events");
  heard();
  events.onopen = () => {
    notice("");
    heard();
  };
  events.addEventListener("alive", heard);
  events.onmessage = ({ data }) => {
    heard();
    const message = JSON.parse(data);
    show(message);
    if (!message.files) return;
    ended = true;
    clearTimeout(watch);
    events.close();
    notice(words.ended);
  };
  events.onerror = () => {
    if (ended) return;
    notice(words.lost);
    // It is tried again by itself, but for a refusal.
    if (events.readyState !== EventSource.CLOSED) return heard();
    clearTimeout(watch);
    retry(begin);
  };
}

// The answer to a request; null where there is no connection.
async function ask(path, options) {
  try {
    const reply = await fetch(path, options);
    return { ok: reply.ok, text: await reply.text() };
  } catch {
    return null;
  }
}

async function enter(token) {
  const reply = await ask("session", { method: "POST", body: token });
  if (!reply) return retry(() => enter(token));
  at("enter").hidden = reply.ok;
  if (!reply.ok) return notice(reply.text);
  notice("");
  listen();
}

async function begin() {
  const reply = await ask("session");
  if (!reply) return retry(begin);
  if (reply.ok) return listen();
  at("enter").hidden = false;
  notice(reply.text);
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  if (form.id === "enter") return enter(new FormData(form).get("token"));
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const reply = await ask("steer", { method: "POST", body });
  if (reply) say(reply.text, !reply.ok); else say(words.lost, true);
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

// An address with another token, of another storemgr perhaps, that is opened in this tab.
addEventListener("hashchange", () => location.hash && location.reload());

const token = location.hash.slice(1);
if (token) history.replaceState(null, "", location.pathname);
if (token) enter(token); else begin();
