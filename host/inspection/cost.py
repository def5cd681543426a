"""What an avatar takes: memory from its arrays, time from pictures really drawn.

Without drawing there is an estimate, a straight line through avatars that were measured. It says
whether an avatar is light or heavy, not what a machine does with it: `measure` does.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from avatar.rig.avatar import Avatar
from flow.clock import NS_PER_MS, NS_PER_S
from flow.mesh import Model
from flow.meter import Meter
from render.choose import BackendName

SIZE = (1280, 720)
PICTURES, WARM_UP = 40, 6
FPS = 30
BASE_MS, TRIANGLES_MS, VERTICES_MS, JOINTS_MS = 11.2, 0.00027, 0.00004, 0.006
"""The estimate: what any picture costs, then each triangle, vertex and spring joint. Fitted to
avatars from 1 to 68,000 triangles (hulls counted), one core of a server processor, software back
end, 720p."""
HOW = (
    "estimated from its triangles, vertices and spring joints by a line through avatars measured "
    "on one core of a server processor without a GPU, 1280x720; --measure draws here"
)


def memory(model: Model) -> dict[str, float]:
    """Megabytes of a model once loaded, by what they hold."""
    textures = sum(t.rgba.nbytes for t in model.textures)
    morphs = sum(_bytes(m.vertices, m.positions, m.normals) for p in model.primitives
                 for m in p.morphs)  # fmt: skip
    meshes = sum(
        _bytes(p.positions, p.normals, p.uv, p.triangles, p.color, p.joints, p.weights)
        for p in model.primitives
    )
    megabytes = {
        "textures_mb": textures / 1e6,
        "meshes_mb": meshes / 1e6,
        "morphs_mb": morphs / 1e6,
    }
    megabytes["total_mb"] = sum(megabytes.values())
    return {key: round(value, 1) for key, value in megabytes.items()}


def _bytes(*arrays: NDArray[Any] | None) -> int:
    return sum(a.nbytes for a in arrays if a is not None)


def drawn_triangles(model: Model) -> int:
    """Triangles a spectator sees, hulls of outlines counted."""
    count = 0
    for primitive in model.primitives:
        if primitive.first_person == "firstPersonOnly":
            continue
        material = model.materials[min(primitive.material, len(model.materials) - 1)]
        outlined = material.mtoon is not None and material.mtoon.outline_mode != "none"
        count += len(primitive.triangles) * (2 if outlined else 1)
    return count


def estimate_ms(avatar: Avatar) -> float:
    """Milliseconds a picture, very roughly (see `HOW`)."""
    drawn = drawn_triangles(avatar.model) * TRIANGLES_MS
    posed = avatar.model.vertex_count * VERTICES_MS
    return round(BASE_MS + drawn + posed + len(avatar.springs.joints) * JOINTS_MS, 1)


def measure(avatar: Avatar, *, backend: BackendName = "auto") -> dict[str, Any]:
    """Draw the avatar on the built-in stage at full quality.

    Of each picture's milliseconds the median that passed, and what the processor worked on it
    (other programs do not count there, nor does a graphics card).

    Raises:
        EngineError: when nothing can draw here.
    """
    from avatar.perform.idle import Idle
    from host.easel import Easel
    from render.quality import Quality

    idle, meter = Idle(), Meter()
    quality = Quality(adaptive=False)
    with Easel(SIZE, avatar=avatar, backend=backend, quality=quality, fps=FPS) as easel:
        for number in range(WARM_UP + PICTURES):
            pose = idle.pose(round((number + FPS) * NS_PER_S / FPS))
            if number == WARM_UP:
                meter = Meter()
            with meter.measure("body"):
                frame = easel.frame(number, pose)
            with meter.measure("picture"):
                easel.renderer.draw(frame)
        info = easel.renderer.info()
    body, picture = meter.series("body"), meter.series("picture")
    passed = body.percentile_ms(50) + picture.percentile_ms(50)
    worked = (body.cpu_ns + picture.cpu_ns) / PICTURES / NS_PER_MS
    return {
        "pictures": PICTURES,
        "size": info["size"],
        "backend": info["backend"],
        "device": info["device"],
        "body_ms": round(body.percentile_ms(50), 2),
        "picture_ms": round(picture.percentile_ms(50), 2),
        "ms": round(passed, 1),
        "processor_ms": round(worked, 1),
    }
