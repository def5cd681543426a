// What all surfaces share: the frame's light, the shadow of the key light, bent normals.
// u_frame: 0 eye, 1 direction to the key (w: shadow darkness), 2 fully lit tint, 3 ambient tint,
// 4 rim light, 5 (x: 2 tan(fov / 2)).
uniform vec4 u_frame[6];
uniform vec4 u_material[11];
uniform mat4 u_shadow_from_world;
uniform sampler2DShadow u_shadow;
in vec3 v_world;
in vec3 v_normal;
in vec2 v_uv;
in vec4 v_color;
out vec4 o_color;

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

vec3 surface_normal(sampler2D map, float strength, bool mapped) {
  vec3 n = normalize(v_normal);
#ifdef HAS_NORMAL_MAP
  // Tangent frame from screen-space derivatives (Mikkelsen, "Bump mapping unparametrized
  // surfaces"), so that no tangents need skinning.
  if (mapped) {
    vec3 dx = dFdx(v_world), dy = dFdy(v_world);
    vec2 ux = dFdx(v_uv), uy = dFdy(v_uv);
    vec3 px = cross(dy, n), py = cross(n, dx);
    vec3 t = px * ux.x + py * uy.x;
    vec3 b = px * ux.y + py * uy.y;
    float scale = inversesqrt(max(max(dot(t, t), dot(b, b)), 1e-20));
    vec3 bump = texture(map, v_uv).xyz * 2.0 - 1.0;
    bump.xy *= strength;
    n = normalize(t * scale * bump.x + b * scale * bump.y + n * bump.z);
  }
#endif
  return gl_FrontFacing ? n : -n;
}

// Adds light in display space: squares stand for linear light (gamma 2 is near enough to sRGB).
vec3 add_light(vec3 color, vec3 more) { return sqrt(color * color + more * more); }

void write_color(vec3 color, float alpha) {
#ifdef OPAQUE
  alpha = 1.0;
#endif
  o_color = vec4(clamp(color, 0.0, 1.0) * alpha, alpha);
}
