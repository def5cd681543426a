// The strip under the picture: how the show is doing, in words and numbers.

import type { Status } from "./wire";

function put(id: string, text: string): void {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

export function showStatus(status: Status): void {
  const badge = document.getElementById("onair");
  if (badge) badge.dataset["state"] = status.state;
  put("onair", status.state === "live" ? "live" : status.state);
  if (status.show) {
    put("title", status.show);
    document.title = `${status.show} · Mirrorstage`;
  }
  if (status.seconds !== undefined) put("time", clock(status.seconds));
  put("fps", status.fps?.toFixed(1) ?? "–");
  put("latency", status.latency_ms !== undefined ? `${Math.round(status.latency_ms)} ms` : "–");
  put("lagged", String(status.lagged ?? "–"));
  put("skipped", String(status.skipped ?? "–"));
  put("dropped", String(status.dropped ?? "–"));
  if (status.motion) put("motion", [status.motion.sentence, status.motion.said].filter(Boolean).join(" "));
  showOutputs(status.outputs ?? {});
}

function showOutputs(outputs: NonNullable<Status["outputs"]>): void {
  const list = document.getElementById("outputs");
  if (!list) return;
  list.replaceChildren(
    ...Object.entries(outputs).map(([name, output]) => {
      const item = document.createElement("li");
      item.dataset["state"] = output.state;
      item.textContent = `${name}: ${output.sentence || output.state}`;
      return item;
    }),
  );
}

export function notice(sentence: string): void {
  const element = document.getElementById("notice");
  if (!element) return;
  element.textContent = sentence;
  element.hidden = sentence === "";
}

export function offline(): void {
  const badge = document.getElementById("onair");
  if (badge) badge.dataset["state"] = "offline";
  put("onair", "offline");
}
