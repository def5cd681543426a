// VRMC_materials_mtoon-1.0: two-tone light, global illumination, matcap, parametric rim, emission;
// with OUTLINE the hull around it, which takes its light from the surface under it.
uniform sampler2D u_shade;
uniform sampler2D u_shift_map;
uniform sampler2D u_matcap;
uniform sampler2D u_rim_map;
uniform sampler2D u_emissive;
uniform sampler2D u_normal_map;

void main() {
  begin_uv();
  vec4 base = base_color();
#ifdef OUTLINE_FLAT
  write_color(u_material[6].rgb, base.a);
#else
  vec3 shade = u_material[1].rgb;
#ifdef HAS_SHADE_MAP
  shade *= texture(u_shade, uv_at(MAP_SHADE)).rgb;
#endif
  vec3 n = surface_normal(u_normal_map);
  vec3 to_eye = normalize(u_frame[0].xyz - v_world);
  float shading = dot(n, u_frame[1].xyz) + u_material[2].x;
#ifdef HAS_SHIFT_MAP
  shading += texture(u_shift_map, uv_at(MAP_SHIFT)).r * u_material[5].w;
#endif
  float edge = max(1.0 - u_material[1].w, 1e-3);
  float lit = clamp((shading + edge) / (2.0 * edge), 0.0, 1.0);
#ifdef SHADOWED
  lit = min(lit, key_visibility(n));
#endif
  vec3 ambient = ambient_at(n, u_material[7].w);
  vec3 color = mix(shade, base.rgb, lit) * u_frame[2].rgb + base.rgb * ambient;

  float facing = dot(n, to_eye);
  vec3 rim = vec3(0.0);
#ifdef HAS_MATCAP
  vec3 x = normalize(vec3(to_eye.z, 0.0, -to_eye.x));
  vec3 y = cross(to_eye, x);
  vec3 ball = vec3(vec2(dot(x, n), -dot(y, n)) * 0.495 + 0.5, 1.0);
  vec2 cap = vec2(dot(u_material[MAP_MATCAP].xyz, ball), dot(u_material[MAP_MATCAP + 1].xyz, ball));
  rim += u_material[5].rgb * texture(u_matcap, cap).rgb;
#endif
#ifdef HAS_RIM
  float fresnel = clamp(1.0 - facing + u_material[2].w, 0.0, 1.0);
  rim += u_material[3].rgb * pow(fresnel, max(u_material[2].z, 1e-5));
#endif
#ifdef HAS_RIM_MAP
  rim *= texture(u_rim_map, uv_at(MAP_RIM)).rgb;
#endif
  color += rim * mix(vec3(1.0), u_frame[2].rgb + ambient, u_material[3].w);
#ifdef HAS_EMISSIVE
  color += u_material[4].rgb * texture(u_emissive, uv_at(MAP_EMISSIVE)).rgb;
#endif
  // The stage's own rim light comes from above and behind the host.
  float back = 1.0 - clamp(facing, 0.0, 1.0);
  float up = clamp(0.55 + 0.45 * n.y, 0.0, 1.0);
  float glow = back * back * back * up;
  color += u_frame[4].rgb * base.rgb * (glow * glow);
#ifdef OUTLINE
  color = u_material[6].rgb * mix(vec3(1.0), color, u_material[6].w);
#endif
  write_color(color, base.a);
#endif
}
