"""A host on the built-in stage, ready to be drawn outside a show: for benches and pictures."""

from __future__ import annotations

from typing import Any, Literal, Self

import assets
from avatar.read.load import load_avatar
from avatar.rig.avatar import Avatar
from avatar.rig.runtime import Runtime
from flow.clock import NS_PER_S, Clock
from flow.meter import Meter
from flow.pose import AvatarPose
from flow.stage import StageFrame
from host.session import HOST_ID, model_height_m
from render.engine import open_renderer
from render.quality import Quality
from scenes.director import Director
from scenes.stage import load_stage

STAGE = "studio"


class Easel:
    """Draws one host as a show does, without its clock, encoder and outputs.

    Args:
        size: Width and height in pixels.
        avatar: Built-in name or path, or one that is loaded.
        backend: As in `render.engine.open_renderer`.
        quality: What may be given up; the renderer's own when None.
        meter: Takes the renderer's timings.
        clock: Stamps the pictures.
        fps: Poses a second, for what swings.
    """

    def __init__(
        self,
        size: tuple[int, int],
        *,
        avatar: Avatar | str = "mira",
        backend: Literal["auto", "gl", "software"] = "auto",
        quality: Quality | None = None,
        meter: Meter | None = None,
        clock: Clock | None = None,
        fps: float = 30.0,
    ) -> None:
        body = avatar
        if isinstance(body, str):
            body = load_avatar(assets.locate("avatars", body))
        self._place = load_stage(assets.locate("stages", STAGE))
        self._runtime = Runtime(body)
        self._head = body.humanoid.head
        self._fps = fps
        self.director = Director(
            self._place, host_height_m=model_height_m(body.model), aspect=size[0] / size[1]
        )
        self.renderer = open_renderer(
            *size, backend=backend, quality=quality, meter=meter, clock=clock
        )
        self.renderer.set_stage(self._place.model, self._place.background)
        self.renderer.add_avatar(HOST_ID, body.model)

    def frame(self, number: int, pose: AvatarPose) -> StageFrame:
        """The moment `number`; every pose must pass through here, since hair and cloth swing on."""
        rig = self._runtime.update(pose, 1 / self._fps)
        due = round(number * NS_PER_S / self._fps)
        shot = self.director.shot(due, rig.world[self._head, :3, 3])
        return StageFrame(number, due, 0, {HOST_ID: rig}, shot, self._place.light)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.renderer.close()
