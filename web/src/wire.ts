// The messages of /ws/programme; the server's side is stream/page/wire.py.
//
// Text: JSON, `hello` once, then `status` each second. Binary: 12 bytes little-endian (u8 track,
// u8 flags, u16 zero, i64 microseconds since the show began) and the encoded data.

export interface Hello {
  type: "hello";
  title: string;
  video: { codec: string; width: number; height: number; fps: number };
  audio: { codec: string; rate_hz: number; channels: number; description: string };
}

export interface OutputStatus {
  state: string;
  sentence: string;
}

export interface Status {
  type: "status";
  state: "starting" | "live";
  show?: string;
  seconds?: number;
  fps?: number;
  lagged?: number;
  skipped?: number;
  dropped?: number;
  latency_ms?: number;
  motion?: { sentence: string; state: string; said: string };
  outputs?: Record<string, OutputStatus>;
}

export interface Packet {
  track: "video" | "audio";
  keyframe: boolean;
  /** Microseconds since the show began. */
  timestamp: number;
  data: Uint8Array;
}

const HEADER_BYTES = 12;

export function readPacket(message: ArrayBuffer): Packet {
  const view = new DataView(message);
  return {
    track: view.getUint8(0) === 1 ? "video" : "audio",
    keyframe: (view.getUint8(1) & 1) !== 0,
    timestamp: Number(view.getBigInt64(4, true)),
    data: new Uint8Array(message, HEADER_BYTES),
  };
}
