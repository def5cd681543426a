// The programme page: connects, plays, says how the show is doing, and comes back by itself.

import { notice, offline, showStatus } from "./facts";
import { Picture } from "./picture";
import { Sound } from "./sound";
import { readPacket, type Hello, type Status } from "./wire";

const RETRY_MS = [500, 1000, 2000, 4000];

const canvas = document.getElementById("programme") as HTMLCanvasElement;
const picture = new Picture(canvas, notice);
const sound = new Sound();
picture.mediaTime = () => sound.mediaTime();
let tries = 0;

/** What the tests and curious people read. */
Object.assign(window, { mirrorstage: { picture, sound } });

function connect(): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/programme`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
    tries = 0;
    if (typeof event.data === "string") read(JSON.parse(event.data) as Hello | Status);
    else play(event.data);
  };
  socket.onclose = () => {
    picture.close();
    offline();
    notice("The show has ended or cannot be reached. This page comes back by itself.");
    window.setTimeout(connect, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
    tries += 1;
  };
}

function read(message: Hello | Status): void {
  if (message.type === "status") {
    showStatus(message);
    return;
  }
  notice("");
  picture.open(message);
  sound.open(message);
}

function play(message: ArrayBuffer): void {
  const packet = readPacket(message);
  if (packet.track === "video") picture.push(packet);
  else sound.push(packet);
}

const soundButton = document.getElementById("sound") as HTMLButtonElement;
soundButton.hidden = !Sound.possible;
soundButton.onclick = async () => {
  const on = await sound.toggle();
  soundButton.setAttribute("aria-pressed", String(on));
  soundButton.textContent = on ? "Sound off" : "Sound on";
};
const fullButton = document.getElementById("full") as HTMLButtonElement;
fullButton.onclick = () => {
  const frame = document.getElementById("frame");
  if (document.fullscreenElement) void document.exitFullscreen();
  else void frame?.requestFullscreen();
};

if (Picture.possible) {
  connect();
} else {
  notice(
    window.isSecureContext
      ? "This browser has no WebCodecs. Open the page in a current Chrome, Edge or Safari."
      : "Browsers decode this picture only on https or on this machine itself (127.0.0.1).",
  );
}
