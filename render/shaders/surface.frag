// Surfaces without toon light: metallic-roughness (glTF 2.0 appendix B) under one key light, with
// the ambient light standing in for what a metal mirrors; and unlit ones.
uniform sampler2D u_emissive;
uniform sampler2D u_normal_map;
uniform sampler2D u_metal_rough;
uniform sampler2D u_occlusion;

void main() {
  begin_uv();
  vec4 base = base_color();
  vec3 color = base.rgb;
#ifdef UNLIT
#ifdef HAS_EMISSIVE
  color += u_material[4].rgb * texture(u_emissive, uv_at(MAP_EMISSIVE)).rgb;
#endif
#ifndef STORED
  color = encoded(color);
#endif
#ifdef SHADOWED
  // A stage with its light baked in still takes the host's shadow, on what faces up.
  vec3 up = normalize(v_normal);
  if (up.y > 0.5) color *= 1.0 - u_frame[1].w * (1.0 - key_visibility(up));
#endif
  write_stored(color, base.a);
#else
  vec3 n = surface_normal(u_normal_map);
  vec3 to_eye = normalize(u_frame[0].xyz - v_world);
  float seen = 1.0;
#ifdef SHADOWED
  seen = 1.0 - u_frame[1].w * (1.0 - key_visibility(n));
#endif
  float metal = u_material[7].x, rough = u_material[7].y;
#ifdef HAS_METAL_ROUGH
  vec2 stored = texture(u_metal_rough, uv_at(MAP_METAL_ROUGH)).bg;
  metal *= stored.x;
  rough *= stored.y;
#endif
  float open = 1.0;
#ifdef HAS_OCCLUSION
  open += u_material[7].z * (texture(u_occlusion, uv_at(MAP_OCCLUSION)).r - 1.0);
#endif
  float n_l = max(dot(n, u_frame[1].xyz), 0.0), n_v = max(dot(n, to_eye), 1e-3);
  vec3 halfway = normalize(to_eye + u_frame[1].xyz);
  float n_h = max(dot(n, halfway), 0.0), v_h = max(dot(to_eye, halfway), 0.0);
  float alpha = max(rough * rough, 0.003);
  float a2 = alpha * alpha;
  // GGX with Smith's joint masking; pi of the lobe and of the light cancel.
  float spread = n_h * n_h * (a2 - 1.0) + 1.0;
  float mask = n_l * sqrt(n_v * n_v * (1.0 - a2) + a2) + n_v * sqrt(n_l * n_l * (1.0 - a2) + a2);
  float lobe = 0.5 * a2 / (spread * spread * max(mask, 1e-4));
  vec3 f0 = mix(vec3(0.04), base.rgb, metal);
  float grazing = pow(max(1.0 - v_h, 0.0), 5.0);
  vec3 fresnel = f0 + (1.0 - f0) * grazing;
  vec3 diffuse = base.rgb * (1.0 - metal);
  // The ambient part dims a little in the shadow of the host, too.
  vec3 ambient = ambient_at(n, 0.0) * (0.6 + 0.4 * seen) * open;
  // What throws the shadow also stands in the way of what is mirrored.
  vec3 mirrored = ambient_at(reflect(-to_eye, n), 0.0) * open * seen;
  color = (diffuse + fresnel * lobe) * u_frame[2].rgb * n_l * seen;
  color += diffuse * ambient + base.rgb * metal * mirrored;
#ifdef HAS_EMISSIVE
  color += u_material[4].rgb * texture(u_emissive, uv_at(MAP_EMISSIVE)).rgb;
#endif
  write_color(color, base.a);
#endif
}
