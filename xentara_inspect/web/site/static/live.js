"use strict";
// Asks for the lines that came since, once a second, and puts them on top.
const lines = document.getElementById("lines");
const pause = document.getElementById("pause");
const state = document.getElementById("state");
const kept = Number(lines.dataset.kept);
let number = Number(lines.dataset.number);
let paused = false;

async function look() {
  const answer = await fetch(lines.dataset.source + number);
  if (!answer.ok) throw new Error(answer.statusText);
  const news = await answer.json();
  if (news.is_anew) lines.replaceChildren(); // nobody looked for a while, or the server was started again
  if (news.rows) {
    document.getElementById("nothing")?.remove();
    lines.insertAdjacentHTML("afterbegin", news.rows);
    while (lines.rows.length > kept) lines.deleteRow(-1);
  }
  number = news.number;
}

async function goOn() {
  if (!paused && !document.hidden) {
    try {
      await look();
      state.textContent = paused ? "paused" : "live";
    } catch {
      state.textContent = "nobody answers; trying again";
    }
  }
  setTimeout(goOn, 1000);
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Go on" : "Pause";
  state.textContent = paused ? "paused" : "live";
});
goOn();
