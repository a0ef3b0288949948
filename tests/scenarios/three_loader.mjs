// What three.js makes of a GLB: window.told = { triangles, materials, textures, lights, cameras, min, max }.
import * as THREE from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { MeshoptDecoder } from "three/examples/jsm/libs/meshopt_decoder.module.js";

window.open_glb = async (bytes) => {
  const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);
  const gltf = await loader.parseAsync(Uint8Array.from(bytes).buffer, "");
  const told = { triangles: 0, materials: new Set(), textures: new Set(), lights: 0, cameras: 0 };
  gltf.scene.traverse((object) => {
    if (object.isMesh) {
      const { index, attributes } = object.geometry;
      told.triangles += (index ? index.count : attributes.position.count) / 3;
      told.materials.add(object.material.name);
      if (object.material.map) told.textures.add(object.material.map.image.width);
    }
    if (object.isLight) told.lights += 1;
    if (object.isCamera) told.cameras += 1;
  });
  const box = new THREE.Box3().setFromObject(gltf.scene);
  return { ...told, materials: [...told.materials].sort(), textures: told.textures.size, min: box.min.toArray(), max: box.max.toArray() };
};
