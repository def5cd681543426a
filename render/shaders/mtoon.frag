// VRMC_materials_mtoon-1.0 in display space: two-tone light, matcap, parametric rim, emission.
uniform sampler2D u_base;
uniform sampler2D u_shade;
uniform sampler2D u_shift_map;
uniform sampler2D u_matcap;
uniform sampler2D u_rim_map;
uniform sampler2D u_emissive;
uniform sampler2D u_normal_map;

void main() {
  vec4 base = u_material[0] * v_color * texture(u_base, v_uv);
#ifdef MASK
  if (base.a < u_material[2].y) discard;
  base.a = 1.0;
#endif
  vec3 shade = u_material[1].rgb * v_color.rgb;
#ifdef HAS_SHADE_MAP
  shade *= texture(u_shade, v_uv).rgb;
#else
  // Without a shade map the specification multiplies by white.
#endif
  vec3 n = surface_normal(u_normal_map, u_material[4].w, true);
  vec3 to_eye = normalize(u_frame[0].xyz - v_world);
  float toony = u_material[1].w;
  float shading = dot(n, u_frame[1].xyz) + u_material[2].x;
#ifdef HAS_SHIFT_MAP
  shading += texture(u_shift_map, v_uv).r * u_material[5].w;
#endif
  float edge = max(1.0 - toony, 0.01);
  float lit = clamp((shading + edge) / (2.0 * edge), 0.0, 1.0);
#ifdef SHADOWED
  lit = min(lit, key_visibility(n));
#endif
  vec3 color = mix(shade, base.rgb, lit) * u_frame[2].rgb;

  float facing = clamp(dot(n, to_eye), 0.0, 1.0);
  vec3 rim = vec3(0.0);
#ifdef HAS_MATCAP
  vec3 x = normalize(vec3(to_eye.z, 0.0, -to_eye.x));
  vec3 y = cross(to_eye, x);
  rim += u_material[5].rgb * texture(u_matcap, vec2(dot(x, n), -dot(y, n)) * 0.495 + 0.5).rgb;
#endif
#ifdef HAS_RIM
  rim += u_material[3].rgb * pow(clamp(1.0 - facing + u_material[2].w, 0.0, 1.0), u_material[2].z);
#endif
#ifdef HAS_RIM_MAP
  rim *= texture(u_rim_map, v_uv).rgb;
#endif
  rim *= mix(vec3(1.0), u_frame[2].rgb, u_material[3].w);
  // The stage's own rim light comes from above and behind the host.
  float back = 1.0 - facing;
  vec3 glow = u_frame[4].rgb * (back * back * back) * clamp(0.55 + 0.45 * n.y, 0.0, 1.0);
  color = add_light(color, rim);
  color = add_light(color, glow * base.rgb);
#ifdef HAS_EMISSIVE
  color = add_light(color, u_material[4].rgb * texture(u_emissive, v_uv).rgb);
#endif
  write_color(color, base.a);
}
