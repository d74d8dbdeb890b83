"use strict";
// The server says when something has changed; the page then asks for its parts, once a second at most.
const parts = document.getElementById("parts");
let waiting = false;
async function renew() {
  waiting = false;
  const answer = await fetch(location.pathname + "/parts").catch(() => null);
  if (answer && answer.ok) {
    parts.innerHTML = await answer.text();
    const log = document.getElementById("log");
    if (log) log.scrollTop = log.scrollHeight;
  }
}
function soon() {
  if (waiting) return;
  waiting = true;
  setTimeout(renew, 1000);
}
if (document.getElementById("log")) {
  const events = new EventSource(location.pathname + "/events");
  // Also after the server was away: what happened meanwhile was told to nobody.
  events.onopen = soon;
  events.onmessage = soon;
  events.addEventListener("lagged", soon);
}
