"""OSC packets: what the specification says, and what strangers send."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture import osc
from capture.osc import Message, OscError, decode

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
FLOATS = st.floats(width=32, allow_nan=False)
INTS = st.integers(-(2**31), 2**31 - 1)


def test_a_message_must_be_the_bytes_of_the_specification() -> None:
    # OSC 1.0, "OSC Message Examples".
    said = bytes.fromhex("2f6f7363696c6c61746f722f342f6672657175656e6379002c66000043dc0000")
    assert osc.message("/oscillator/4/frequency", "f", [440.0]) == said
    assert decode(said) == [Message("/oscillator/4/frequency", (440.0,))]
    said = bytes.fromhex(
        "2f666f6f000000002c69697366660000000003e8ffffffff68656c6c6f0000003f9df3b640b5b22d"
    )
    sent = osc.message("/foo", "iisff", [1000, -1, "hello", 1.234, 5.678])
    assert sent == said
    assert decode(said)[0].arguments[:3] == (1000, -1, "hello")


@given(TEXTS, st.lists(st.one_of(INTS, FLOATS, TEXTS), max_size=20))
def test_what_is_written_must_be_read(name: str, arguments: list[int | float | str]) -> None:
    types = "".join({int: "i", float: "f", str: "s"}[type(a)] for a in arguments)
    packet = osc.message("/" + name, types, arguments)
    assert len(packet) % 4 == 0
    assert decode(packet) == [Message("/" + name, tuple(arguments))]


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(64, 400))
def test_bundles_must_keep_all_in_order_within_their_size(
    texts: list[bytes], most_bytes: int
) -> None:
    messages = [osc.message("/m", "si", [t.hex(), i]) for i, t in enumerate(texts)]
    packets = osc.bundles([osc.sized(m) for m in messages], most_bytes)
    found = [m for p in packets for m in decode(p)]
    assert [m.arguments for m in found] == [(t.hex(), i) for i, t in enumerate(texts)]
    for packet in packets:
        assert len(packet) <= most_bytes or len(decode(packet)) == 1


@given(st.binary(max_size=300))
def test_any_bytes_must_be_osc_or_an_osc_error(data: bytes) -> None:
    for packet in (data, b"/a\0\0" + data, b"#bundle\0" + data, b"/a\0\0,bfs" + data):
        with contextlib.suppress(OscError):
            decode(packet)


@given(st.data())
def test_a_damaged_bundle_must_be_refused_or_read(data: st.DataObject) -> None:
    bones = [
        osc.sized(osc.message("/VMC/Ext/Bone/Pos", "sfffffff", ["Hips", *[0.5] * 7]))
        for _ in range(3)
    ]
    packet = bytearray(osc.bundles(bones, 4096)[0])
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(packet)))
    with contextlib.suppress(OscError):
        decode(bytes(packet[:cut]))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"nothing",
        b"/no/end",
        b"/a\0\0xf\0\0" + struct.pack(">f", 1.0),  # types without their comma
        b"/a\0\0,f\0\0",  # the number is missing
        b"/a\0\0,s\0\0abcd",  # a string without an end
        b"/a\0\0,b\0\0" + struct.pack(">i", 2**31 - 1),
        b"/a\0\0,b\0\0" + struct.pack(">i", -1),
        b"/a\0\0,X\0\0",  # a type that nobody knows
        b"/\xff\xfe\0,\0\0\0",  # no UTF-8
        b"#bundle\0" + bytes(4),
        b"#bundle\0" + bytes(8) + struct.pack(">i", 0),
        b"#bundle\0" + bytes(8) + struct.pack(">i", 64) + b"/a\0\0,\0\0\0",
        b"#bundle\0" + bytes(8) + struct.pack(">i", -4) + b"/a\0\0,\0\0\0",
    ],
)
def test_what_is_no_osc_must_be_refused(packet: bytes) -> None:
    with pytest.raises(OscError):
        decode(packet)


def test_bundles_in_bundles_must_have_a_floor() -> None:
    packet = osc.message("/deep", "i", [1])
    for _ in range(3):
        packet = b"#bundle\0" + bytes(8) + osc.sized(packet)
    assert decode(packet) == [Message("/deep", (1,))]
    for _ in range(2000):
        packet = b"#bundle\0" + bytes(8) + osc.sized(packet)
    with pytest.raises(OscError, match="deeply"):
        decode(packet)


def test_every_type_of_argument_must_be_passed_over_or_read() -> None:
    data = b"/all\0\0\0\0" + osc.text(",ihfdstbcrmTFNI")
    data += struct.pack(">iqfd", 1, 2, 3.0, 4.0) + osc.text("five") + struct.pack(">Q", 6)
    data += struct.pack(">i", 5) + b"seven\0\0\0" + struct.pack(">iII", 8, 9, 10)
    (message,) = decode(data)
    assert message.arguments == (
        1, 2, 3.0, 4.0, "five", 6, b"seven", 8, 9, 10, True, False, None, None,
    )  # fmt: skip
