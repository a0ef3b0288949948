// The peer of bench_open_project: three.js as its documentation shows it, loading one plain GLB.
// The page sets window.glb; window.drawn tells when the first frame with the model in it was drawn, in ms since navigation.
import * as THREE from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";

const canvas = document.querySelector("canvas");
const renderer = new THREE.WebGLRenderer({ canvas, antialias: true });
renderer.setSize(640, 480, false);
const scene = new THREE.Scene();
scene.add(new THREE.HemisphereLight(0xffffff, 0x444444, 3));

new GLTFLoader().load(window.glb, (gltf) => {
  scene.add(gltf.scene);
  gltf.scene.traverse((object) => {
    // As our view draws what has no material; glTF's own default is black metal without anything to reflect.
    if (object.isMesh) Object.assign(object.material, { side: THREE.DoubleSide, metalness: 0 });
  });
  const sphere = new THREE.Box3().setFromObject(gltf.scene).getBoundingSphere(new THREE.Sphere());
  const camera = new THREE.PerspectiveCamera(50, 640 / 480, sphere.radius / 100, sphere.radius * 10);
  camera.position.set(0.6, 0.5, 0.7).setLength(sphere.radius * 2.5).add(sphere.center);
  camera.lookAt(sphere.center);
  renderer.render(scene, camera);
  const read = (x, y) => {
    const pixel = new Uint8Array(4);
    renderer.getContext().readPixels(x, y, 1, 1, 6408, 5121, pixel); // waits until the frame is really drawn
    return [...pixel];
  };
  const [middle, corner] = [read(320, 240), read(4, 4)];
  window.drawn = { at: performance.now(), middle, corner };
});
