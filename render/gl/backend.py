"""Draws the whole scene with shaders: shadow map, stage, avatars with outlines."""

from __future__ import annotations

from typing import Any

import numpy as np

from flow.mesh import RGB, Model
from flow.meter import Meter
from flow.spec import F32, U8
from flow.stage import StageFrame
from render.camera import clip_from_world, light_from_world
from render.color import display_from_linear, light_colors, unit
from render.gl.drawable import MAIN_BIT, SHADOW_BIT, Drawable
from render.gl.shader import program
from render.layers import Layers
from render.model import lay_out
from render.panda import APT_GL, Host, color_properties, core, gl_module, panda_matrix
from render.quality import Quality
from render.skin import Skinner, rest_rig

SHADOW_TEXELS = 1024
SHADOW_SLACK_M = 0.25


class GlBackend:
    """`render.engine.Backend` on GL. Calls from one thread only."""

    name = "gl"

    def __init__(
        self, width: int, height: int, quality: Quality, meter: Meter, host: Host | None = None
    ) -> None:
        panda = core()
        self.host = host or Host(gl_module(), APT_GL)
        self.device = self.host.device
        self._meter = meter
        self._root = panda.NodePath("scene")
        self._stage: Drawable | None = None
        self._avatars: dict[str, tuple[Drawable, Skinner]] = {}
        self._frame = panda.PTA_LVecBase4f.empty_array(6)
        self._shadow_matrix = panda.PTA_LMatrix4f.empty_array(1)
        self._root.set_shader_input("u_frame", self._frame)
        self._root.set_shader_input("u_shadow_from_world", self._shadow_matrix)
        self._main_camera, self._main_lens = self._make_camera("main", MAIN_BIT)
        self._shadow_camera, self._shadow_lens = self._make_camera("shadow", SHADOW_BIT)
        self._open_shadow()
        self._background: tuple[float, ...] = (0.0, 0.0, 0.0)
        self._output: Any = None
        self._samples = 0
        self._version = 0
        self.size = (0, 0)
        self.quality = quality
        self.apply(quality, width, height)

    def _make_camera(self, name: str, bit: int) -> tuple[Any, Any]:
        """A camera at the origin whose lens is the whole clip-from-world matrix."""
        panda = core()
        node = panda.Camera(name)
        lens = panda.MatrixLens()
        # The lens takes Y-up world points, so that the engine's Z-up never enters.
        lens.set_coordinate_system(panda.CS_yup_right)
        node.set_lens(lens)
        node.set_camera_mask(panda.BitMask32.bit(bit))
        node.set_cull_bounds(panda.OmniBoundingVolume())
        return self._root.attach_new_node(node), lens

    def _open_shadow(self) -> None:
        panda = core()
        properties = panda.FrameBufferProperties()
        properties.set_depth_bits(24)
        self._shadow_buffer = self.host.open("shadow", SHADOW_TEXELS, SHADOW_TEXELS, properties)
        self._shadow_buffer.set_sort(-10)
        texture = panda.Texture("shadow")
        texture.set_format(panda.Texture.F_depth_component)
        texture.set_minfilter(panda.SamplerState.FT_shadow)
        texture.set_magfilter(panda.SamplerState.FT_shadow)
        texture.set_wrap_u(panda.SamplerState.WM_clamp)
        texture.set_wrap_v(panda.SamplerState.WM_clamp)
        self._shadow_buffer.add_render_texture(
            texture, panda.GraphicsOutput.RTM_bind_or_copy, panda.GraphicsOutput.RTP_depth
        )
        self._shadow_buffer.set_clear_depth_active(True)
        region = self._shadow_buffer.make_display_region()
        region.set_camera(self._shadow_camera)
        state = panda.NodePath("shadow state")
        state.set_shader(program("shadow", "shadow"), 100)
        state.set_two_sided(True, 100)
        self._shadow_camera.node().set_initial_state(state.get_state())
        self._root.set_shader_input("u_shadow", texture)

    def apply(self, quality: Quality, width: int, height: int) -> None:
        """Take a quality and size; reopens the picture buffer when it must."""
        panda = core()
        samples = 4 if quality.supersample > 1.0 else 0
        reopen = self._output is None or (width, height) != self.size or samples != self._samples
        self.quality, self.size = quality, (width, height)
        if not reopen:
            return
        if self._output is not None:
            self.host.close_buffer(self._output)
        self._samples = samples
        self._picture = np.zeros((height, width, 4), np.uint8)
        self._output = self.host.open("picture", width, height, color_properties(samples))
        self._texture = panda.Texture("picture")
        self._texture.setup_2d_texture(
            width, height, panda.Texture.T_unsigned_byte, panda.Texture.F_rgba8
        )
        self._output.add_render_texture(self._texture, panda.GraphicsOutput.RTM_copy_ram)
        self._output.set_clear_color_active(True)
        self._output.set_clear_depth_active(True)
        region = self._output.make_display_region()
        region.set_camera(self._main_camera)
        if samples:
            self._root.set_antialias(panda.AntialiasAttrib.M_multisample)

    def set_stage(self, model: Model | None, background: RGB) -> None:
        """Replace the stage; `background` (linear) fills what it leaves open."""
        if self._stage is not None:
            self._stage.remove()
            self._stage = None
        self._background = tuple(float(v) for v in display_from_linear(background))
        if model is not None:
            layout = lay_out(model)
            self._stage = Drawable(
                layout, self._root, "stage", casts=False, hardware=self.host.is_hardware
            )
            skinner = Skinner(layout, interleaved=True)
            skinner.pose(rest_rig(model))
            self._stage.upload(skinner.rows)

    def add_avatar(self, name: str, model: Model) -> None:
        """Bring an avatar in, replacing one of the same name."""
        self.remove_avatar(name)
        layout = lay_out(model)
        drawable = Drawable(
            layout, self._root, f"avatar {name}", casts=True, hardware=self.host.is_hardware
        )
        self._avatars[name] = (drawable, Skinner(layout, interleaved=True))

    def remove_avatar(self, name: str) -> None:
        """Take an avatar out; unknown names are ignored."""
        found = self._avatars.pop(name, None)
        if found is not None:
            found[0].remove()

    def draw(
        self,
        frame: StageFrame,
        *,
        transparent: bool = False,
        still: bool = False,  # noqa: ARG002 - every picture is as good as it gets
    ) -> Layers:
        """Draw `frame`. The picture's memory is the engine's until the next call."""
        with self._meter.measure("skin"):
            low, high = self._pose(frame)
            self._write_frame(frame, low, high)
        if self._stage is not None:
            self._show(self._stage.path, not transparent)
        clear = (0.0, 0.0, 0.0, 0.0) if transparent else (*self._background, 1.0)
        self._output.set_clear_color(core().LVecBase4f(*clear))
        with self._meter.measure("draw"):
            self._output.set_active(True)
            self.host.engine.render_frame()
            self._output.set_active(False)
            self._shadow_buffer.set_active(False)
        with self._meter.measure("readback"):
            picture = self._read()
        self._version += 1
        return Layers(picture, self._version)

    def _show(self, path: Any, on: bool) -> None:
        if on:
            path.show()
        else:
            path.hide()

    def _pose(self, frame: StageFrame) -> tuple[F32, F32]:
        """Upload every avatar; returns the corners of the box around all of them."""
        low, high = np.full(3, np.inf, np.float32), np.full(3, -np.inf, np.float32)
        for name, (drawable, skinner) in self._avatars.items():
            rig = frame.rigs.get(name)
            self._show(drawable.path, rig is not None)
            if rig is None:
                continue
            skinner.pose(rig)
            drawable.upload(skinner.rows)
            drawable.recolor(rig.materials, frame.due)
            self._show(drawable.outlines, self.quality.outline)
            low = np.minimum(low, skinner.positions.min(axis=0))
            high = np.maximum(high, skinner.positions.max(axis=0))
        return low, high

    def _write_frame(self, frame: StageFrame, low: F32, high: F32) -> None:
        panda = core()
        width, height = self.size
        shadowed = self.quality.shadow and bool(np.isfinite(low).all()) and frame.light.shadow > 0
        direction = unit(frame.light.key_direction)
        key, ambient = light_colors(frame.light)
        tangent = 2.0 * np.tan(np.radians(frame.shot.fov_deg) / 2.0)
        rows = (
            (*frame.shot.eye, 1.0),
            (*(-direction), frame.light.shadow if shadowed else 0.0),
            (*key, 1.0),
            (*ambient, 1.0),
            (*frame.light.rim_color, 1.0),
            (tangent, frame.light.sky, 0.0, 0.0),
        )
        for index, row in enumerate(rows):
            self._frame.set_element(index, panda.LVecBase4f(*(float(v) for v in row)))
        self._main_lens.set_user_mat(panda_matrix(clip_from_world(frame.shot, width / height)))
        self._shadow_buffer.set_active(shadowed)
        if shadowed:
            centre = ((low + high) / 2).astype(np.float32)
            radius = float(np.ceil((np.linalg.norm(high - low) / 2 + SHADOW_SLACK_M) * 4) / 4)
            matrix = panda_matrix(light_from_world(direction, centre, radius, SHADOW_TEXELS))
            self._shadow_lens.set_user_mat(matrix)
            self._shadow_matrix.set_element(0, matrix)

    def _read(self) -> U8:
        """(h, w, 4) BGRA, top row first; overwritten by the next call."""
        import cv2

        width, height = self.size
        pixels = np.frombuffer(memoryview(self._texture.get_ram_image()), np.uint8)
        cv2.flip(pixels.reshape(height, width, 4), 0, dst=self._picture)
        return self._picture

    @property
    def triangles(self) -> int:
        """Triangles in the scene, without outlines and shadows."""
        drawables = [drawable for drawable, _ in self._avatars.values()]
        if self._stage is not None:
            drawables.append(self._stage)
        return sum(len(drawable.layout.triangles) for drawable in drawables)

    def close(self) -> None:
        """Give everything back."""
        for name in list(self._avatars):
            self.remove_avatar(name)
        self.set_stage(None, (0.0, 0.0, 0.0))
        self.host.close_buffer(self._output)
        self.host.close_buffer(self._shadow_buffer)
        self.host.close()
