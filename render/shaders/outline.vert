// Inverted hull: vertices pushed out along their normals, back faces drawn.
uniform mat4 p3d_ModelViewProjectionMatrix;
uniform vec4 u_frame[6];
uniform vec4 u_material[11];
in vec4 p3d_Vertex;
in vec3 p3d_Normal;
in vec2 p3d_MultiTexCoord0;
in vec2 outline;  // width (m, or fraction of the picture's height), 1 for the latter
out vec2 v_uv;

void main() {
  float width = outline.x;
  if (outline.y > 0.5) {
    vec4 clip = p3d_ModelViewProjectionMatrix * p3d_Vertex;
    width *= clip.w * u_frame[5].x;
  }
  vec3 at = p3d_Vertex.xyz + normalize(p3d_Normal) * width;
  gl_Position = p3d_ModelViewProjectionMatrix * vec4(at, 1.0);
  if (outline.x <= 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  vec3 uv = vec3(p3d_MultiTexCoord0, 1.0);
  v_uv = vec2(dot(u_material[6].xyz, uv), dot(u_material[7].xyz, uv));
}
