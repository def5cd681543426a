// H.264 packets to a canvas through WebCodecs: the shortest way a browser has (about 20 ms).

import type { Hello, Packet } from "./wire";

/** More frames than this waiting in the decoder: it cannot keep up, so go on at the next key frame. */
const MOST_WAITING = 12;

export class Picture {
  decoded = 0;
  shown = 0;
  private decoder: VideoDecoder | undefined;
  private waitingForKey = true;
  private waiting: VideoFrame[] = [];
  private readonly context: CanvasRenderingContext2D;
  /** Media time (µs) the sound is at, or undefined when there is no sound to follow. */
  mediaTime: () => number | undefined = () => undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly onFault: (sentence: string) => void,
  ) {
    const context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    if (!context) throw new Error("no 2-D canvas");
    this.context = context;
  }

  static get possible(): boolean {
    return "VideoDecoder" in window;
  }

  open(hello: Hello): void {
    this.close();
    this.canvas.width = hello.video.width;
    this.canvas.height = hello.video.height;
    this.decoder = new VideoDecoder({
      output: (frame) => this.take(frame),
      error: (fault) => this.recover(fault, hello),
    });
    // No description: Annex B, parameter sets travel in band.
    this.decoder.configure({ codec: hello.video.codec, optimizeForLatency: true });
    this.waitingForKey = true;
  }

  push(packet: Packet): void {
    const decoder = this.decoder;
    if (!decoder || decoder.state !== "configured") return;
    if (decoder.decodeQueueSize > MOST_WAITING) this.waitingForKey = true;
    if (this.waitingForKey && !packet.keyframe) return;
    this.waitingForKey = false;
    decoder.decode(
      new EncodedVideoChunk({
        type: packet.keyframe ? "key" : "delta",
        timestamp: packet.timestamp,
        data: packet.data,
      }),
    );
  }

  close(): void {
    for (const frame of this.waiting) frame.close();
    this.waiting = [];
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = undefined;
  }

  private take(frame: VideoFrame): void {
    this.decoded += 1;
    if (this.mediaTime() === undefined) {
      this.show(frame);
      return;
    }
    this.waiting.push(frame);
    requestAnimationFrame(() => this.showDue());
  }

  private showDue(): void {
    const now = this.mediaTime() ?? Infinity;
    let due: VideoFrame | undefined;
    while (this.waiting[0] && this.waiting[0].timestamp <= now) {
      due?.close();
      due = this.waiting.shift();
    }
    if (due) this.show(due);
    if (this.waiting.length > 0) requestAnimationFrame(() => this.showDue());
  }

  private show(frame: VideoFrame): void {
    this.context.drawImage(frame, 0, 0, this.canvas.width, this.canvas.height);
    frame.close();
    this.shown += 1;
  }

  private recover(fault: DOMException, hello: Hello): void {
    if (fault.name === "NotSupportedError") {
      this.onFault("This browser cannot decode H.264. Open the page in Chrome, Edge or Safari.");
      return;
    }
    this.open(hello);
  }
}
