// Plays a recorded session (asciicast v2) into the page. A small terminal: text, colours, moving and erasing; everything else
// that a recording says is left out, and nothing of it is ever HTML.
"use strict";
(() => {
  const controls = document.querySelector("[data-player]");
  const screen = document.querySelector(".screen code");
  if (!controls || !screen) return;
  const button = controls.querySelector("[data-play]"), slider = controls.querySelector("input");
  const clock = controls.querySelector("output"), speed = controls.querySelector("select");

  class Terminal {
    constructor(columns, rows) {
      this.columns = Math.min(Math.max(columns, 20), 300);
      this.rows = Math.min(Math.max(rows, 5), 100);
      this.clear();
    }
    clear() { [this.lines, this.x, this.y, this.style, this.rest] = [[[]], 0, 0, "", ""]; }
    line() { while (this.lines.length <= this.y) this.lines.push([]); return this.lines[this.y]; }
    top() { return Math.max(0, this.lines.length - this.rows); }
    feed(text) {
      const input = this.rest + text;
      this.rest = "";
      for (let index = 0; index < input.length; index += 1) {
        const code = input.codePointAt(index);
        if (code > 0xFFFF) index += 1;
        if (code === 0x1B) {
          const sequence = /^\x1b(?:\[([0-9;?<=>]*)[ -/]*([@-~])|[\]P_^X](?:[^\x07\x1b]*)(?:\x07|\x1b\\)|[()#].|[^[\]P_^X()#])/s.exec(input.slice(index));
          if (!sequence) { if (input.length - index < 65536) this.rest = input.slice(index); return; }
          index += sequence[0].length - 1;
          if (sequence[2]) this.control(sequence[2], sequence[1]);
        } else if (code === 10) { this.y += 1; this.line(); if (this.lines.length > 5000) { this.lines.shift(); this.y -= 1; }
        } else if (code === 13) { this.x = 0;
        } else if (code === 8) { this.x = Math.max(0, this.x - 1);
        } else if (code === 9) { this.x = Math.min(this.columns - 1, (Math.floor(this.x / 8) + 1) * 8);
        } else if (code >= 32 && !(code >= 127 && code < 160)) { this.put(String.fromCodePoint(code)); }
      }
    }
    put(character) {
      if (this.x >= this.columns) { this.x = 0; this.y += 1; }
      const line = this.line();
      while (line.length < this.x) line.push([" ", ""]);
      line[this.x] = [character, this.style];
      this.x += 1;
    }
    control(letter, parameters) {
      const numbers = parameters.split(";").map((part) => parseInt(part, 10) || 0);
      const count = Math.min(Math.max(numbers[0], 1), 1000);
      switch (letter) {
        case "A": this.y = Math.max(this.top(), this.y - count); break;
        case "B": this.y = Math.min(this.top() + this.rows - 1, this.y + count); break;
        case "C": this.x = Math.min(this.columns - 1, this.x + count); break;
        case "D": this.x = Math.max(0, this.x - count); break;
        case "G": this.x = Math.min(this.columns, count) - 1; break;
        case "d": this.y = this.top() + Math.min(this.rows, count) - 1; break;
        case "H": case "f":
          this.y = this.top() + Math.min(this.rows, count) - 1;
          this.x = Math.min(this.columns, Math.max(numbers[1] || 1, 1)) - 1; break;
        case "J":
          if (numbers[0] >= 2) { this.lines.length = this.top(); this.y = this.lines.length; this.line(); } else if (numbers[0] === 0) {
            this.line().length = Math.min(this.line().length, this.x); this.lines.length = this.y + 1;
          } break;
        case "K": {
          const line = this.line();
          if (numbers[0] === 0) line.length = Math.min(line.length, this.x);
          else for (let index = 0; index < (numbers[0] === 1 ? this.x + 1 : line.length); index += 1) line[index] = [" ", ""];
          break;
        }
        case "P": this.line().splice(this.x, count); break;
        case "@": this.line().splice(this.x, 0, ...Array.from({ length: Math.min(count, this.columns) }, () => [" ", ""])); break;
        case "m": this.paint(numbers); break;
        default: break;
      }
    }
    paint(numbers) {
      for (const number of numbers) {
        if (number === 0 || number === 39) this.style = "";
        else if (number >= 30 && number <= 37) this.style = `k${number - 30}`;
        else if (number >= 90 && number <= 97) this.style = `k${number - 90}`;
        else if (number === 38 || number === 48) return;
      }
    }
    show(target) {
      const parts = [];
      for (const line of this.lines) {
        let [text, style] = ["", ""];
        const flush = () => {
          if (!text) return;
          const part = document.createElement("span");
          if (style) part.className = style;
          part.textContent = text;
          parts.push(part);
          text = "";
        };
        for (const [character, own] of line) { if (own !== style) { flush(); style = own; } text += character; }
        flush();
        parts.push("\n");
      }
      target.replaceChildren(...parts);
      target.parentElement.scrollTop = target.parentElement.scrollHeight;
    }
  }

  let [events, terminal, length, at, next, timer, before] = [null, null, 0, 0, 0, null, 0];
  async function load() {
    if (events) return true;
    const answer = await fetch(controls.dataset.player, { cache: "no-store" });
    if (!answer.ok) { clock.textContent = "it cannot be loaded"; return false; }
    const lines = (await answer.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const header = lines.shift();
    terminal = new Terminal(header.width || 80, header.height || 24);
    events = lines.filter((event) => event[1] === "o" || event[1] === "e");
    // Nobody has to watch somebody think: no pause is longer than two seconds.
    let [last, moved] = [0, 0];
    events = events.map(([moment, , text]) => { moved += Math.min(2, Math.max(0, moment - last)); last = moment; return [moved, text]; });
    length = moved + 0.5;
    return true;
  }
  function seek(moment) {
    if (moment < at) { terminal.clear(); next = 0; }
    at = moment;
    while (next < events.length && events[next][0] <= at) { terminal.feed(events[next][1]); next += 1; }
    terminal.show(screen);
    slider.value = String(Math.round(at / length * 1000));
    clock.textContent = `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, "0")}`;
  }
  function stop() { clearInterval(timer); timer = null; button.textContent = "Play"; }
  async function play() {
    if (timer) return stop();
    if (!await load()) return undefined;
    if (at >= length || next === 0) seek(0);
    before = performance.now();
    button.textContent = "Pause";
    timer = setInterval(() => {
      const now = performance.now();
      seek(Math.min(length, at + (now - before) / 1000 * Number(speed.value)));
      before = now;
      if (at >= length) stop();
    }, 50);
    return undefined;
  }
  button.addEventListener("click", play);
  slider.addEventListener("input", async () => { if (await load()) seek(Number(slider.value) / 1000 * length); });
  controls.hidden = false;
})();
