"""Small operations on TensorFlow Lite networks: say how pictures are scaled, join face outputs.

The published task files hold the same weights as the older package's bare networks, with two
differences. A float network must say how its input picture is scaled (``NormalizationOptions``
in its metadata), or the Tasks graph refuses it. And the face graph wants one tensor of 478 points
where the older attention network has six: the whole face without its fine parts, the lips, both
eyes and both irises. A CONCATENATION and a GATHER at the end of the network put them together,
exactly as the older graph did outside of it.

Everything is read and written with flatbuffers and the schema modules that mediapipe ships. They
are loaded by path, because ``import mediapipe`` takes seconds and opens the sound system.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from flow.errors import EngineError
from flow.spec import I32

FACE_POINTS = 478
_MESH_POINTS = 468
_INPUT_MAX = 255.0
_METADATA = "TFLITE_METADATA"

# Which of the 478 points each refined output overwrites, in the order of that output: facts of
# mediapipe's face_landmarker (tensors_to_face_landmarks_graph.cc, attention model).
_LIPS = """
61 146 91 181 84 17 314 405 321 375 291 185 40 39 37 0 267 269 270 409 78 95 88 178 87 14 317 402
318 324 308 191 80 81 82 13 312 311 310 415 76 77 90 180 85 16 315 404 320 307 306 184 74 73 72 11
302 303 304 408 62 96 89 179 86 15 316 403 319 325 292 183 42 41 38 12 268 271 272 407"""
_LEFT_EYE = """
33 7 163 144 145 153 154 155 133 246 161 160 159 158 157 173 130 25 110 24 23 22 26 112 243 247 30
29 27 28 56 190 226 31 228 229 230 231 232 233 244 113 225 224 223 222 221 189 35 124 46 53 52 65
143 111 117 118 119 120 121 128 245 156 70 63 105 66 107 55 193"""
_RIGHT_EYE = """
263 249 390 373 374 380 381 382 362 466 388 387 386 385 384 398 359 255 339 254 253 252 256 341 463
467 260 259 257 258 286 414 446 261 448 449 450 451 452 453 464 342 445 444 443 442 441 413 265 353
276 283 282 295 372 340 346 347 348 349 350 357 465 383 300 293 334 296 336 285 417"""

# The irises have no depth of their own; the older graph gave them the mean of the lids' depths. One
# gather cannot take a mean, so each iris borrows the depth of the middle of its upper lid.
_IRISES = ((468, 159), (473, 386))
_IRIS_POINTS = 5

_PARTS = (1404, 160, 142, 142, 10, 10)
"""Numbers in each landmark output of the attention network, in its order; then one face flag."""


@cache
def schemas() -> tuple[ModuleType, ModuleType]:
    """The flatbuffer modules of mediapipe for networks and for their metadata.

    Raises:
        EngineError: ``models.no_schema`` when mediapipe is not installed or lacks them.
    """
    spec = importlib.util.find_spec("mediapipe")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise EngineError(
            "mediapipe is not installed.", code="models.no_schema", hint="Run: make setup"
        )
    folder = Path(places[0]) / "tasks" / "metadata"
    return _load(folder / "schema_py_generated.py"), _load(
        folder / "metadata_schema_py_generated.py"
    )


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_mirrorstage_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise EngineError(
            f"This mediapipe has no {path.name}.",
            code="models.no_schema",
            hint="Install mediapipe 0.10.33.",
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def face_index() -> I32:
    """(1434,) where each of 478 x, y, z lies in the six outputs laid end to end."""
    index = np.zeros((FACE_POINTS, 3), np.int32)
    index[:_MESH_POINTS] = np.arange(_MESH_POINTS * 3).reshape(-1, 3)
    offset = _PARTS[0]
    for table in (_LIPS, _LEFT_EYE, _RIGHT_EYE):
        points: I32 = np.array(table.split(), np.int32)
        # Only x and y are refined; depth stays that of the whole face.
        index[points, :2] = offset + np.arange(len(points) * 2).reshape(-1, 2)
        offset += 2 * len(points)
    for first, lid in _IRISES:
        points = np.arange(first, first + _IRIS_POINTS, dtype=np.int32)
        index[points, :2] = offset + np.arange(_IRIS_POINTS * 2).reshape(-1, 2)
        index[points, 2] = 3 * lid + 2
        offset += 2 * _IRIS_POINTS
    return index.reshape(-1)


def with_scaling(network: bytes, name: str) -> bytes:
    """The same network whose metadata says that pixels 0..255 become 0..1."""
    return _pack(_with_scaling(_unpack(network), name))


def face_478(network: bytes, name: str) -> bytes:
    """The attention face network with one output of 478 points and one flag, scaling included.

    Raises:
        ValueError: When `network` is not the attention network.
    """
    tflite, _ = schemas()
    model = _unpack(network)
    graph = model.subgraphs[0]
    outputs = [int(i) for i in graph.outputs]
    sizes = tuple(int(np.prod(graph.tensors[i].shape)) for i in outputs)
    if sizes != (*_PARTS, 1):
        raise ValueError(f"not the attention face network: its outputs have {sizes} numbers")

    joined = _add_tensor(model, "parts", (1, 1, 1, sum(_PARTS)), tflite.TensorType.FLOAT32)
    index = face_index()
    table = _add_tensor(
        model, "order", index.shape, tflite.TensorType.INT32, index.astype("<i4").tobytes()
    )
    points = _add_tensor(model, "points", (1, 1, 1, index.size), tflite.TensorType.FLOAT32)
    _add_operator(model, "Concatenation", outputs[:-1], joined)
    _add_operator(model, "Gather", [joined, table], points)
    graph.outputs = np.array([points, outputs[-1]], np.int32)
    return _pack(_with_scaling(model, name))


def _unpack(network: bytes) -> Any:
    tflite, _ = schemas()
    return tflite.ModelT.InitFromObj(tflite.Model.GetRootAsModel(network, 0))


def _pack(model: Any) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _add_buffer(model: Any, data: bytes) -> int:
    tflite, _ = schemas()
    buffer = tflite.BufferT()
    buffer.data = np.frombuffer(data, np.uint8)
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def _add_tensor(
    model: Any, name: str, shape: tuple[int, ...], kind: int, data: bytes | None = None
) -> int:
    tflite, _ = schemas()
    tensor = tflite.TensorT()
    tensor.name, tensor.type = name, kind
    tensor.shape = np.array(shape, np.int32)
    # By convention buffer 0 is empty: the tensor is computed.
    tensor.buffer = 0 if data is None else _add_buffer(model, data)
    model.subgraphs[0].tensors.append(tensor)
    return len(model.subgraphs[0].tensors) - 1


def _add_operator(model: Any, kind: str, inputs: list[int], output: int) -> None:
    """Append an operator that works along the last of four axes."""
    tflite, _ = schemas()
    code = tflite.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(tflite.BuiltinOperator, kind.upper())
    code.version = 1
    model.operatorCodes.append(code)

    operator = tflite.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
    operator.builtinOptionsType = getattr(tflite.BuiltinOptions, f"{kind}Options")
    operator.builtinOptions = getattr(tflite, f"{kind}OptionsT")()
    operator.builtinOptions.axis = 3
    model.subgraphs[0].operators.append(operator)


def _with_scaling(model: Any, name: str) -> Any:
    tflite, _ = schemas()
    entry = tflite.MetadataT()
    entry.name = _METADATA
    entry.buffer = _add_buffer(model, _scaling_metadata(name, len(model.subgraphs[0].outputs)))
    model.metadata = [m for m in model.metadata or () if m.name != _METADATA.encode()] + [entry]
    return model


def _scaling_metadata(name: str, outputs: int) -> bytes:
    """A ``ModelMetadata`` flatbuffer: one RGB picture in, scaled by mean 0 and deviation 255."""
    import flatbuffers

    _, meta = schemas()
    scale = meta.NormalizationOptionsT()
    scale.mean, scale.std = [0.0], [_INPUT_MAX]
    unit = meta.ProcessUnitT()
    unit.optionsType, unit.options = meta.ProcessUnitOptions.NormalizationOptions, scale
    image = meta.ImagePropertiesT()
    image.colorSpace = meta.ColorSpaceType.RGB
    content = meta.ContentT()
    content.contentPropertiesType = meta.ContentProperties.ImageProperties
    content.contentProperties = image
    stats = meta.StatsT()
    stats.min, stats.max = [0.0], [1.0]
    picture = meta.TensorMetadataT()
    picture.name, picture.content, picture.stats = "image", content, stats
    picture.processUnits = [unit]

    graph = meta.SubGraphMetadataT()
    graph.inputTensorMetadata, graph.outputTensorMetadata = [picture], []
    for i in range(outputs):
        out = meta.TensorMetadataT()
        out.name = f"output_{i}"
        graph.outputTensorMetadata.append(out)
    root = meta.ModelMetadataT()
    root.name, root.subgraphMetadata, root.minParserVersion = name, [graph], "1.0.0"
    builder = flatbuffers.Builder(0)
    builder.Finish(root.Pack(builder), b"M001")
    return bytes(builder.Output())
