"""Makes ``capture/models/face_weights.npz``: our neutral face, its rigidity, points to weights.

    python -m assets.build.face_weights CLIPS MODELS [--cache FOLDER] [--validate]

CLIPS is a folder of ``*.mp4`` of faces, MODELS one with the published ``face_landmarker.task`` and
a rebuilt face file. Needs the dependency group ``training``. The published network is the teacher:

1. Every frame is watched by both face networks; the published one also gives 52 weights and a
   head matrix.
2. The neutral face is the mean of the calm frames of all people, de-rotated by that matrix, made
   symmetric, with pupils 63 mm apart. Point i's rigidity is a non-negative least-squares fit of
   "how much does trusting i turn the head away from the matrix".
3. From 20 people come any number: one person's calm face (or a blend of two), another's eyes, a
   third's mouth, more or less strongly, turned and projected anew, and the teacher's blend-shape
   network asked for the weights. Half real, half such faces; both networks' points.
4. Ridge regression in the space of the principal components, folded into one matrix.

``--validate`` leaves each person out in turn and prints the correlations. Clips whose terms are
research only (``mt_*``) are never trained on. No clip, picture or single face is in the result.
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assets.build.face_watch import F64, Person, watch
from capture.models.face_data import EYE_DISTANCE_M, FILE, FaceData
from capture.models.face_pose import FOV_DEG, fit_points
from flow.motion import ARKIT_INDEX, ARKIT_NAMES

Shape = tuple[FaceData, NDArray[np.int64]]
"""A face to fit, and each point's twin on the other side."""

PUPILS = (468, 473)
MESH = 468
NOSE_TIP = 1
EVALUATION_ONLY = ("mt_",)
COMPONENTS, RIDGE, SHARE_MADE = 300, 1e-4, 0.5
SMOOTH_RIGID = 0.3
DEPTH_TRUST = 0.5
"""Depth is the networks' weakest number: its columns count half before the components."""

# The points that the teacher's blend-shape network reads (face_blendshapes_graph.cc).
TEACHER_POINTS = np.fromstring(
    """0 1 4 5 6 7 8 10 13 14 17 21 33 37 39 40 46 52 53 54 55 58 61 63 65 66 67 70 78 80 81 82
    84 87 88 91 93 95 103 105 107 109 127 132 133 136 144 145 146 148 149 150 152 153 154 155
    157 158 159 160 161 162 163 168 172 173 176 178 181 185 191 195 197 234 246 249 251 263
    267 269 270 276 282 283 284 285 288 291 293 295 296 297 300 308 310 311 312 314 317 318
    321 323 324 332 334 336 338 356 361 362 365 373 374 375 377 378 379 380 381 382 384 385
    386 387 388 389 390 397 398 400 402 405 409 415 454 466 468 469 470 471 472 473 474 475
    476 477""",
    np.int64,
    sep=" ",
)
LEFT_RIGHT = np.array(
    [
        ARKIT_INDEX[n.replace("Left", "#").replace("Right", "Left").replace("#", "Right")]
        for n in ARKIT_NAMES
    ]
)
FLIP = np.array((-1.0, 1.0, 1.0))


# -- 2 the neutral face ------------------------------------------------------------------------


def shape_data(neutral: F64, rigid: F64) -> FaceData:
    """Data for fitting alone."""
    return FaceData(
        neutral.astype(np.float32),
        rigid.astype(np.float32),
        np.zeros((1434, 52), np.float32),
        np.zeros(52, np.float32),
    )


def fits(data: FaceData, points: F64, aspect: float) -> tuple[F64, F64, F64]:
    """Rotations (n, 3, 3), shifts (n, 3) and head-frame points (n, 478, 3) of n frames."""
    both = [fit_points(p.astype(np.float32), aspect, FOV_DEG, data) for p in points]
    poses = np.array([b[0] for b in both], np.float64)
    return poses[:, :3, :3], poses[:, :3, 3], np.array([b[1] for b in both], np.float64)


def calm(person: Person, share: float) -> NDArray[np.bool_]:
    moved = person.weights.sum(axis=1)
    return np.asarray(moved <= np.quantile(moved, share))


def learn_shape(people: Sequence[Person]) -> tuple[F64, F64, NDArray[np.int64]]:
    """The neutral face (478, 3), each point's rigidity (478,) and its mirror twin."""
    faces = []
    for person in people:
        frames = calm(person, 0.3)
        for side in person.points:
            flat = side[frames] * (person.aspect, -1.0, -person.aspect)
            flat -= flat.mean(axis=1, keepdims=True)
            faces.append(scaled((flat @ person.rotations[frames]).mean(axis=0)))
    mean = np.mean(faces, axis=0)
    twins = np.linalg.norm((mean * FLIP)[:, None] - mean[None], axis=2).argmin(axis=1)
    if not np.array_equal(twins[twins], np.arange(len(twins))):
        raise SystemExit("these clips do not give a symmetric face")
    rigid = np.r_[np.ones(MESH), np.zeros(len(mean) - MESH)] / MESH
    neutral = centred(mean, twins, rigid)
    for _ in range(3):
        rigid = learn_rigidity(people, shape_data(neutral, rigid), twins)
        neutral = centred(neutral, twins, rigid)
        data, faces = shape_data(neutral, rigid), []
        for person in people:
            frames = calm(person, 0.3)
            for side in person.points:
                turned, _, local = fits(data, side[frames], person.aspect)
                # From our rotation to the teacher's: the mean face must not inherit our error.
                straight = local @ np.swapaxes(turned, 1, 2) @ person.rotations[frames]
                faces.append(straight.mean(axis=0))
        neutral = centred(np.mean(faces, axis=0), twins, rigid)
    return neutral, rigid, twins


def scaled(face: F64) -> F64:
    return face * EYE_DISTANCE_M / float(np.linalg.norm(face[PUPILS[0]] - face[PUPILS[1]]))


def centred(face: F64, twins: NDArray[np.int64], rigid: F64) -> F64:
    even = scaled((face + face[twins] * FLIP) / 2)
    return even - rigid @ even


def learn_rigidity(people: Sequence[Person], data: FaceData, twins: NDArray[np.int64]) -> F64:
    """Weights under which the fit's rotation agrees best with the teacher's.

    To first order a weighted fit errs by ``sum_i w_i turn_i``, where ``turn_i`` (radians) is the
    torque of point i about the centre over the fit's stiffness. That is linear in w.
    """
    from scipy.optimize import nnls

    pairs = sorted({(min(i, int(t)), max(i, int(t))) for i, t in enumerate(twins[:MESH])})
    spread = np.zeros((len(twins), len(pairs)))
    for column, pair in enumerate(pairs):
        spread[list(pair), column] = 1.0
    rigid, rows = data.rigid.astype(np.float64), []
    for person in people:
        step = max(1, len(person.weights) // 60)
        rotation, shift, local = fits(data, person.points[0, ::step], person.aspect)
        seen = np.einsum("nij,nkj->nki", rotation, local)
        model = np.einsum("nij,kj->nki", person.rotations[::step], data.neutral)
        stiff = np.einsum("i,ni,jk->njk", rigid, (model * seen).sum(2), np.eye(3))
        stiff -= np.einsum("i,nij,nik->njk", rigid, model, seen)
        turn = np.einsum("njk,nik->nji", np.linalg.inv(stiff), np.cross(model, seen))
        rows.append((turn @ spread).reshape(-1, len(pairs)) / np.sqrt(len(shift)))
    torque = np.degrees(np.vstack(rows)) / np.sqrt(len(people))
    even = np.sqrt(SMOOTH_RIGID * len(pairs)) * np.eye(len(pairs))
    total = 100.0 * spread.sum(axis=0)[None]
    target = np.r_[np.zeros(len(torque) + len(pairs)), 100.0]
    found, _ = nnls(np.vstack((torque, even, total)), target, maxiter=20_000)
    weights = spread @ found
    return np.asarray(weights / weights.sum())


# -- 3 made faces ------------------------------------------------------------------------------


class Teacher:
    """The published blend-shape network, asked directly."""

    def __init__(self, task: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with zipfile.ZipFile(task) as archive:
            network = archive.read("face_blendshapes.tflite")
        self._net = Interpreter(model_content=network, num_threads=1)
        self._net.allocate_tensors()
        self._in = self._net.get_input_details()[0]["index"]
        self._out = self._net.get_output_details()[0]["index"]

    def __call__(self, pixels: F64) -> F64:
        """(n, 52) ARKit order from (n, 478, 2); the network does not mind the pixels' scale."""
        out = np.zeros((len(pixels), 52))
        for i, points in enumerate(pixels[:, TEACHER_POINTS].astype(np.float32)):
            self._net.set_tensor(self._in, points[None])
            self._net.invoke()
            # It puts "_neutral" first and has no tongueOut, the last of the ARKit names.
            out[i, :51] = self._net.get_tensor(self._out)[1:]
        return out


@dataclass(slots=True)
class Faces:
    """A person in the head's own frame: (2, n, 478, 3) metres, and the calm face."""

    local: F64
    weights: F64
    calm: F64


def make_faces(
    faces: Sequence[Faces],
    count: int,
    shape: Shape,
    teacher: Teacher,
    rng: np.random.Generator,
) -> tuple[F64, F64]:
    """(2 count, 478, 3) head-frame points, plain and with the rebuilt network's habits; weights."""
    data, twins = shape
    which = np.repeat(np.arange(len(faces)), [len(f.weights) for f in faces])
    frame = np.concatenate([np.arange(len(f.weights)) for f in faces])
    chance = np.concatenate([np.full(len(f.weights), len(f.weights) ** -0.5) for f in faces])
    chance /= chance.sum()

    def moved() -> F64:
        picks = rng.choice(len(which), count, p=chance)
        return np.stack([faces[which[i]].local[0, frame[i]] - faces[which[i]].calm for i in picks])

    eyes = moved()
    mouth = np.where(rng.random((count, 1, 1)) < 0.5, eyes, moved())
    below = data.neutral[:, 1] - data.neutral[NOSE_TIP, 1]
    low = (1.0 / (1.0 + np.exp(below.astype(np.float64) / 0.006)))[None, :, None]
    motion = (eyes * (1 - low) + mouth * low) * rng.uniform(0.6, 1.3, (count, 1, 1))
    calms = np.stack([f.calm for f in faces])
    mix = rng.random((count, 1, 1)) ** 2
    one, two = rng.integers(len(faces), size=(2, count))
    face = calms[one] * (1 - mix) + calms[two] * mix + motion
    flip = rng.random(count) < 0.5
    face[flip] = face[flip][:, twins] * FLIP

    turn = turns(rng.normal(size=(count, 3)) * (14.0, 9.0, 6.0))
    place = rng.uniform((-0.08, -0.08, -0.7), (0.08, 0.08, -0.35), (count, 3))
    weights = teacher(project(face, turn, place, data)[..., :2] * 720.0)
    picks = rng.choice(len(which), count, p=chance)
    habit = np.stack(
        [np.subtract(*faces[which[i]].local[::-1, frame[i]]) for i in picks]
    ) * np.sqrt(rng.random((count, 1, 1)))
    seen = [fits(data, project(f, turn, place, data), 1.0)[2] for f in (face, face + habit)]
    return np.concatenate(seen), np.concatenate((weights, weights))


def turns(degrees: F64) -> F64:
    """(n, 3, 3) roll · yaw · pitch from (n, 3) yaw, pitch, roll."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_euler("yxz", degrees, degrees=True).as_matrix())


def project(face: F64, turn: F64, place: F64, data: FaceData) -> F64:
    """Picture fractions as a face network gives them (square picture, relative depth)."""
    focal = 0.5 / np.tan(np.radians(FOV_DEG) / 2)
    seen = np.einsum("nij,nkj->nki", turn, face) + place[:, None]
    middle = (seen[..., 2] @ data.rigid.astype(np.float64))[:, None]
    across = seen[..., :2] / -seen[..., 2:] * focal
    return np.stack(
        (0.5 + across[..., 0], 0.5 - across[..., 1], (seen[..., 2] - middle) / middle * focal), -1
    )


# -- 4 the map ---------------------------------------------------------------------------------

Moments = tuple[F64, F64]


def moments(local: F64, weights: F64, data: FaceData, count_as: float) -> Moments:
    """Second moments of (points, 1) with themselves and with the weights."""
    moved = (local - data.neutral) / EYE_DISTANCE_M * (1.0, 1.0, DEPTH_TRUST)
    rows = np.hstack((moved.reshape(len(moved), -1), np.ones((len(moved), 1))))
    return rows.T @ rows * (count_as / len(rows)), rows.T @ weights * (count_as / len(rows))


def real(person: Faces, data: FaceData, twins: NDArray[np.int64]) -> Moments:
    """A person's own frames, both networks, and their mirror images."""
    local = np.concatenate((*person.local, *(side[:, twins] * FLIP for side in person.local)))
    weights = np.concatenate((person.weights,) * 2 + (person.weights[:, LEFT_RIGHT],) * 2)
    return moments(local, weights, data, len(person.weights) ** 0.5)


def mixed(own: Sequence[Moments], made: Moments) -> Moments:
    xx, xy = (np.sum([m[i] for m in own], axis=0) for i in (0, 1))
    keep, total, extra = 1 - SHARE_MADE, xx[-1, -1], made[0][-1, -1]
    return (
        xx / total * keep + made[0] / extra * SHARE_MADE,
        xy / total * keep + made[1] / extra * SHARE_MADE,
    )


def solve(both: Moments) -> tuple[F64, F64]:
    """Ridge in the leading components: matrix (1434, 52) for displacements, offset (52,)."""
    xx, xy = both
    mean, mean_out = xx[-1, :-1], xy[-1]
    values, vectors = np.linalg.eigh(xx[:-1, :-1] - np.outer(mean, mean))
    values, vectors = values[::-1][:COMPONENTS], vectors[:, ::-1][:, :COMPONENTS]
    slopes = vectors.T @ (xy[:-1] - np.outer(mean, mean_out))
    matrix = vectors @ (slopes / (values[:, None] + RIDGE))
    offset = mean_out - mean @ matrix
    return matrix * np.tile((1.0, 1.0, DEPTH_TRUST), len(matrix) // 3)[:, None], offset


def predict(local: F64, data: FaceData, matrix: F64, offset: F64) -> F64:
    moved = ((local - data.neutral) / EYE_DISTANCE_M).reshape(len(local), -1)
    return np.asarray(np.clip(moved @ matrix + offset, 0.0, 1.0))


# -- all together ------------------------------------------------------------------------------


def in_head_frame(people: Sequence[Person], data: FaceData) -> list[Faces]:
    out = []
    for person in people:
        local = np.stack([fits(data, side, person.aspect)[2] for side in person.points])
        calm_face = local[0, calm(person, 0.2)].mean(axis=0)
        out.append(Faces(local, person.weights, calm_face))
    return out


def validate(
    people: Sequence[Person],
    shape: Shape,
    teacher: Teacher,
    count: int,
) -> None:
    data, twins = shape
    faces = in_head_frame(people, data)
    own = [real(f, data, twins) for f in faces]
    guesses: tuple[list[F64], list[F64]] = ([], [])
    for i, held in enumerate(faces):
        rest = [f for j, f in enumerate(faces) if j != i]
        rng = np.random.default_rng(i)
        made = moments(*make_faces(rest, count, (data, twins), teacher, rng), data, 1.0)
        matrix, offset = solve(mixed([m for j, m in enumerate(own) if j != i], made))
        for side in (0, 1):
            guesses[side].append(predict(held.local[side], data, matrix, offset))
        print(f"left out {people[i].name}", flush=True)
    truth = np.concatenate([f.weights for f in faces])
    published, rebuilt = (np.concatenate(g) for g in guesses)
    print("correlation with the teacher on people left out: its own points, the rebuilt network's")
    for name, i in ARKIT_INDEX.items():
        if truth[:, i].std() > 0.01:
            r = [np.corrcoef(g[:, i], truth[:, i])[0, 1] for g in (published, rebuilt)]
            print(f"  {name:20s} {r[0]:.2f} {r[1]:.2f}")
    print("mean error", *(f"{np.abs(g - truth).mean():.4f}" for g in (published, rebuilt)))
    print("mean error of always guessing the mean", f"{np.abs(truth - truth.mean(0)).mean():.4f}")


def report_pose(people: Sequence[Person], data: FaceData) -> None:
    print("degrees from the published head matrix, median and 95 %: its own points, the rebuilt's")
    for person in people:
        line = [f"  {person.name:16s}"]
        for side in person.points:
            ours = fits(data, side, person.aspect)[0]
            cosine = (np.einsum("nij,nij->n", ours, person.rotations) - 1) / 2
            angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
            line.append(f"{np.median(angle):.2f} {np.quantile(angle, 0.95):.2f}")
        print("  ".join(line))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("clips", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("tmp/face_weights"))
    parser.add_argument("--count", type=int, default=20_000, help="made faces")
    parser.add_argument("--validate", action="store_true")
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    seen = [watch(clip, args.models, args.cache) for clip in sorted(args.clips.glob("*.mp4"))]
    everybody = [p for p in seen if p is not None]
    people = [p for p in everybody if not p.name.startswith(EVALUATION_ONLY)]
    neutral, rigid, twins = learn_shape(people)
    data = shape_data(neutral, rigid)
    report_pose(everybody, data)
    teacher = Teacher(args.models / "face_landmarker.task")
    if args.validate:
        validate(people, (data, twins), teacher, args.count // 5)
    faces = in_head_frame(people, data)
    rng = np.random.default_rng(0)
    made = moments(*make_faces(faces, args.count, (data, twins), teacher, rng), data, 1.0)
    matrix, offset = solve(mixed([real(f, data, twins) for f in faces], made))
    np.savez_compressed(
        FILE,
        neutral=data.neutral,
        rigid=data.rigid,
        matrix=matrix.astype(np.float16),
        offset=offset.astype(np.float32),
    )
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
