// World-space vertices in (skinned on the CPU), world-space position and normal out. With OUTLINE
// they are pushed out along their normals: an inverted hull, of which the back faces are drawn.
uniform mat4 p3d_ModelViewProjectionMatrix;
uniform vec4 u_frame[6];
uniform vec4 u_material[ROWS];
in vec4 p3d_Vertex;
in vec3 p3d_Normal;
in vec2 p3d_MultiTexCoord0;
in vec4 p3d_Color;
in vec2 outline;  // width (m, or fraction of the picture's height), 1 for the latter
out vec3 v_world;
out vec3 v_normal;
out vec2 v_uv;
out vec4 v_color;

void main() {
  gl_Position = p3d_ModelViewProjectionMatrix * p3d_Vertex;
#ifdef OUTLINE
  float width = outline.x;
  if (outline.y > 0.5) width *= gl_Position.w * u_frame[5].x;
  vec3 out_at = p3d_Vertex.xyz + normalize(p3d_Normal) * width;
  gl_Position = p3d_ModelViewProjectionMatrix * vec4(out_at, 1.0);
  gl_Position.z += 1e-6 * gl_Position.w;  // where there is no width, the surface wins
#endif
  v_world = p3d_Vertex.xyz;
  v_normal = p3d_Normal;
#ifdef MANY_UVS
  v_uv = p3d_MultiTexCoord0;
#else
  vec3 uv = vec3(p3d_MultiTexCoord0, 1.0);
  v_uv = vec2(dot(u_material[MAP_BASE].xyz, uv), dot(u_material[MAP_BASE + 1].xyz, uv));
#endif
  // Vertex colours are stored as display values, which eight bits hold evenly.
#ifdef STORED
  v_color = p3d_Color;
#else
  vec3 c = p3d_Color.rgb;
  vec3 high = pow((c + 0.055) / 1.055, vec3(2.4));
  v_color = vec4(mix(high, c / 12.92, lessThanEqual(c, vec3(0.04045))), p3d_Color.a);
#endif
}
