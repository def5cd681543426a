// What all surfaces share: the frame's light, the shadow of the key light, maps, bent normals.
// Colour is linear until `write_color`. Lights are what a white Lambert surface sends out in them.
// u_frame: 0 eye, 1 direction to the key (w: shadow darkness), 2 key, 3 ambient, 4 rim light,
// 5 (x: 2 tan(fov / 2), y: how much of the ambient depends on the direction).
uniform vec4 u_frame[6];
uniform vec4 u_material[ROWS];
uniform mat4 u_shadow_from_world;
uniform sampler2DShadow u_shadow;
uniform sampler2D u_base;
uniform sampler2D u_uv_mask;
in vec3 v_world;
in vec3 v_normal;
in vec2 v_uv;
in vec4 v_color;
out vec4 o_color;

// Where a map is sampled. Maps that all move alike share the vertex program's coordinates.
#ifdef MANY_UVS
vec2 g_uv;

void begin_uv() {
  g_uv = v_uv;
#ifdef UV_MASK
  // VRMC_materials_mtoon-1.0, UV animation: the mask weighs turn and scroll alike.
  vec3 still = vec3(v_uv, 1.0);
  vec2 at = vec2(dot(u_material[MAP_UV_MASK].xyz, still), dot(u_material[MAP_UV_MASK + 1].xyz, still));
  vec3 move = u_material[8].xyz * texture(u_uv_mask, at).b;
  float c = cos(move.z), s = sin(move.z);
  vec2 d = v_uv - 0.5;
  g_uv = vec2(c * d.x + s * d.y, c * d.y - s * d.x) + 0.5 + move.xy;
#endif
}
vec2 uv_at(int row) {
  vec3 uv = vec3(g_uv, 1.0);
  return vec2(dot(u_material[row].xyz, uv), dot(u_material[row + 1].xyz, uv));
}
#else
void begin_uv() {}
vec2 uv_at(int row) { return v_uv; }
#endif

// The surface's own colour; drops what a mask cuts out.
vec4 base_color() {
  vec4 base = u_material[0] * v_color * texture(u_base, uv_at(MAP_BASE));
#ifdef MASK
  if (base.a < u_material[2].y) discard;
  base.a = 1.0;
#endif
  return base;
}

float key_visibility(vec3 normal) {
  if (u_frame[1].w <= 0.0) return 1.0;
  vec4 clip = u_shadow_from_world * vec4(v_world + normal * 0.012, 1.0);
  vec3 at = clip.xyz * 0.5 + 0.5;
  if (any(lessThan(at, vec3(0.0))) || any(greaterThan(at, vec3(1.0)))) return 1.0;
  at.z -= 0.0015;
  vec2 texel = 1.0 / vec2(textureSize(u_shadow, 0));
#ifdef FINE_SHADOW
  float seen = 0.0;
  for (int i = -1; i <= 1; ++i)
    for (int j = -1; j <= 1; ++j)
      seen += texture(u_shadow, vec3(at.xy + vec2(i, j) * 1.5 * texel, at.z));
  return seen / 9.0;
#else
  // Software GL pays for every tap on every pixel of the stage.
  return 0.5 * (texture(u_shadow, vec3(at.xy + vec2(0.7, 0.4) * texel, at.z))
              + texture(u_shadow, vec3(at.xy - vec2(0.7, 0.4) * texel, at.z)));
#endif
}

// Ambient light on a surface that faces `n`; `even` takes the direction out of it.
vec3 ambient_at(vec3 n, float even) {
  float sky = u_frame[5].y;
  return u_frame[3].rgb * (1.0 - sky + sky * n.y * (1.0 - even));
}

vec3 surface_normal(sampler2D map) {
  vec3 n = normalize(v_normal);
#ifdef OUTLINE
  // Of a hull the insides are seen, and lit as the surface they stand for.
#else
  if (!gl_FrontFacing) n = -n;
#endif
#ifdef HAS_NORMAL_MAP
  // Tangent frame from screen-space derivatives (Mikkelsen, "Bump mapping unparametrized
  // surfaces"), so that no tangents need skinning. It follows `n`, so back faces need no care.
  vec2 uv = uv_at(MAP_NORMAL);
  vec3 dx = dFdx(v_world), dy = dFdy(v_world);
  vec2 ux = dFdx(uv), uy = dFdy(uv);
  vec3 px = cross(dy, n), py = cross(n, dx);
  vec3 t = px * ux.x + py * uy.x;
  vec3 b = px * ux.y + py * uy.y;
  float scale = inversesqrt(max(max(dot(t, t), dot(b, b)), 1e-20));
  vec3 bump = texture(map, uv).xyz * 2.0 - 1.0;
  // glTF's +y is up in the picture, where v grows downwards.
  bump.xy *= u_material[4].w * vec2(1.0, -1.0);
#ifndef OUTLINE
  if (!gl_FrontFacing) bump.xy = -bump.xy;
#endif
  n = normalize(t * scale * bump.x + b * scale * bump.y + n * bump.z);
#endif
  return n;
}

// The sRGB transfer function (IEC 61966-2-1).
vec3 encoded(vec3 linear) {
  vec3 c = clamp(linear, 0.0, 1.0);
  vec3 high = 1.055 * pow(max(c, vec3(1e-6)), vec3(1.0 / 2.4)) - 0.055;
  return mix(high, c * 12.92, lessThanEqual(c, vec3(0.0031308)));
}

// Alpha is premultiplied after encoding: display values are what is blended.
void write_color(vec3 color, float alpha) {
#ifdef OPAQUE
  alpha = 1.0;
#endif
  o_color = vec4(encoded(color) * alpha, alpha);
}

// For colours that never were linear.
void write_stored(vec3 color, float alpha) {
#ifdef OPAQUE
  alpha = 1.0;
#endif
  o_color = vec4(color * alpha, alpha);
}
