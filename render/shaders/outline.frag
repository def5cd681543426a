uniform vec4 u_frame[6];
uniform vec4 u_material[11];
uniform sampler2D u_base;
in vec2 v_uv;
out vec4 o_color;

void main() {
#ifdef MASK
  if (texture(u_base, v_uv).a * u_material[0].a < u_material[2].y) discard;
#endif
  vec3 color = u_material[8].rgb;
#ifdef OUTLINE_LIT
  color *= mix(vec3(1.0), u_frame[2].rgb, u_material[8].w);
#endif
  o_color = vec4(color, 1.0);
}
