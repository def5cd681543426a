// Preloaded before a three-vrm script (node --import): mends the lines in which three-vrm 3.5 leaves
// the VRM specification, so that what differs afterwards is ours (docs/decisions/vrm-runtime.md).
// MIRRORSTAGE_ORACLES names the folder whose node_modules has three-vrm.
import { pathToFileURL } from 'node:url';

const base = pathToFileURL(`${process.env.MIRRORSTAGE_ORACLES}/node_modules/`);
const {
  VRMHumanoidLoaderPlugin,
  VRMLookAt,
  VRMLookAtBoneApplier,
  VRMMetaLoaderPlugin,
  VRMSpringBoneJoint,
} = await import(
  new URL('@pixiv/three-vrm/lib/three-vrm.module.js', base).href
);
const { Vector3 } = await import(new URL('three/build/three.module.js', base).href);

// A bone's length comes from its rest child position, not from where the child was a frame ago.
const head = new Vector3();
const tail = new Vector3();
VRMSpringBoneJoint.prototype._calcWorldSpaceBoneLength = function calcWorldSpaceBoneLength() {
  head.setFromMatrixPosition(this.bone.matrixWorld);
  tail.copy(this._initialLocalChildPosition).applyMatrix4(this.bone.matrixWorld);
  this._worldSpaceBoneLength = head.sub(tail).length();
};

// Positive pitch looks down: the range maps "down" and "up" are exchanged for eye bones.
const applyYawPitch = VRMLookAtBoneApplier.prototype.applyYawPitch;
VRMLookAtBoneApplier.prototype.applyYawPitch = function applyMended(yaw, pitch) {
  const { rangeMapVerticalDown: down, rangeMapVerticalUp: up } = this;
  this.rangeMapVerticalDown = up;
  this.rangeMapVerticalUp = down;
  applyYawPitch.call(this, yaw, pitch);
  this.rangeMapVerticalDown = down;
  this.rangeMapVerticalUp = up;
};

// A gaze that follows a point starts from the head as it is posed now, not from a frame ago.
const lookAt = VRMLookAt.prototype.lookAt;
VRMLookAt.prototype.lookAt = function lookAtMended(position) {
  this.humanoid.getRawBoneNode('head').updateWorldMatrix(true, false);
  lookAt.call(this, position);
};

// Whose licence it is, is not what is compared.
const importMeta = VRMMetaLoaderPlugin.prototype._v1Import;
VRMMetaLoaderPlugin.prototype._v1Import = function importAny(gltf) {
  const url = gltf.parser.json.extensions?.VRMC_vrm?.meta?.licenseUrl;
  if (url) this.acceptLicenseUrls = [url];
  return importMeta.call(this, gltf);
};

// A body that lacks required bones moves as far as it goes.
VRMHumanoidLoaderPlugin.prototype._ensureRequiredBonesExist = (bones) => bones;
