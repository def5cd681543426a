// AAC packets to the loudspeaker. Off until the visitor asks for it, as browsers want.

import type { Hello, Packet } from "./wire";

/** Sound is scheduled this far ahead: enough for a busy page, little enough to stay live. */
const AHEAD_S = 0.12;

export class Sound {
  private context: AudioContext | undefined;
  private decoder: AudioDecoder | undefined;
  private hello: Hello | undefined;
  /** AudioContext time minus media time, in seconds; set by the first block. */
  private offset: number | undefined;

  static get possible(): boolean {
    return "AudioDecoder" in window;
  }

  get on(): boolean {
    return this.context !== undefined;
  }

  open(hello: Hello): void {
    this.hello = hello;
    if (this.on) this.start();
  }

  async toggle(): Promise<boolean> {
    if (this.context) {
      const context = this.context;
      this.context = undefined;
      this.decoder?.close();
      this.decoder = undefined;
      this.offset = undefined;
      await context.close();
    } else if (this.hello) {
      this.context = new AudioContext({ latencyHint: "interactive", sampleRate: this.hello.audio.rate_hz });
      await this.context.resume();
      this.start();
    }
    return this.on;
  }

  push(packet: Packet): void {
    if (!this.decoder || this.decoder.state !== "configured") return;
    this.decoder.decode(
      new EncodedAudioChunk({ type: "key", timestamp: packet.timestamp, data: packet.data }),
    );
  }

  /** Media time (µs) now at the loudspeaker; undefined when silent. */
  mediaTime(): number | undefined {
    if (!this.context || this.offset === undefined) return undefined;
    return (this.context.currentTime - this.offset) * 1e6;
  }

  private start(): void {
    if (!this.hello) return;
    const { codec, rate_hz, channels, description } = this.hello.audio;
    this.offset = undefined;
    this.decoder = new AudioDecoder({ output: (block) => this.play(block), error: () => this.start() });
    this.decoder.configure({
      codec,
      sampleRate: rate_hz,
      numberOfChannels: channels,
      description: Uint8Array.from(atob(description), (c) => c.charCodeAt(0)),
    });
  }

  private play(block: AudioData): void {
    const context = this.context;
    if (!context) {
      block.close();
      return;
    }
    const media = block.timestamp / 1e6;
    if (this.offset === undefined || media + this.offset < context.currentTime) {
      this.offset = context.currentTime + AHEAD_S - media;
    }
    const buffer = context.createBuffer(block.numberOfChannels, block.numberOfFrames, block.sampleRate);
    for (let channel = 0; channel < block.numberOfChannels; channel += 1) {
      block.copyTo(buffer.getChannelData(channel), { planeIndex: channel, format: "f32-planar" });
    }
    block.close();
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(media + this.offset);
  }
}
