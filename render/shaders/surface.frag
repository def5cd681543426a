// Plain surfaces (PBR materials reduced to what a stage needs, and unlit ones) in display space.
uniform sampler2D u_base;
uniform sampler2D u_emissive;
uniform sampler2D u_normal_map;

void main() {
  vec4 base = u_material[0] * v_color * texture(u_base, v_uv);
#ifdef MASK
  if (base.a < u_material[2].y) discard;
  base.a = 1.0;
#endif
  vec3 color = base.rgb;
#ifdef UNLIT
#ifdef SHADOWED
  // A stage with its light baked in still takes the host's shadow, on what faces up.
  vec3 up = normalize(v_normal);
  if (up.y > 0.5) color *= 1.0 - u_frame[1].w * (1.0 - key_visibility(up));
#endif
#else
  vec3 n = surface_normal(u_normal_map, u_material[4].w, true);
  vec3 to_eye = normalize(u_frame[0].xyz - v_world);
  float seen = 1.0;
#ifdef SHADOWED
  seen = 1.0 - u_frame[1].w * (1.0 - key_visibility(n));
#endif
  float lambert = max(dot(n, u_frame[1].xyz), 0.0) * seen;
  float sky = 0.7 + 0.3 * n.y;
  // Squares add as light does; the ambient part dims a little in the shadow of the host, too.
  vec3 key = u_frame[2].rgb, ambient = u_frame[3].rgb;
  vec3 irradiance = sqrt(
      max(key * key - ambient * ambient, 0.0) * lambert + ambient * ambient * sky * (0.6 + 0.4 * seen));
  float rough = u_material[9].y;
  vec3 halfway = normalize(to_eye + u_frame[1].xyz);
  float gloss = (1.0 - rough) * pow(max(dot(n, halfway), 0.0), 8.0 + 120.0 * (1.0 - rough)) * seen;
  color = add_light(color * irradiance, vec3(gloss) * mix(vec3(0.35), base.rgb, u_material[9].x));
#endif
#ifdef HAS_EMISSIVE
  color = add_light(color, u_material[4].rgb * texture(u_emissive, v_uv).rgb);
#endif
  write_color(color, base.a);
}
