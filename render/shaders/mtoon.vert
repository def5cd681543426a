// World-space vertices in (skinned on the CPU), world-space position and normal out.
uniform mat4 p3d_ModelViewProjectionMatrix;
uniform vec4 u_material[11];
in vec4 p3d_Vertex;
in vec3 p3d_Normal;
in vec2 p3d_MultiTexCoord0;
in vec4 p3d_Color;
out vec3 v_world;
out vec3 v_normal;
out vec2 v_uv;
out vec4 v_color;

void main() {
  gl_Position = p3d_ModelViewProjectionMatrix * p3d_Vertex;
  v_world = p3d_Vertex.xyz;
  v_normal = p3d_Normal;
  vec3 uv = vec3(p3d_MultiTexCoord0, 1.0);
  v_uv = vec2(dot(u_material[6].xyz, uv), dot(u_material[7].xyz, uv));
  v_color = p3d_Color;
}
