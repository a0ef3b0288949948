// The peer of bench_open_project: three.js as its documentation shows it, loading one plain GLB.
// The page sets window.glb; firstPixel is when the first frame with the model in it was drawn, in ms since navigation.
import * as THREE from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";

const canvas = document.querySelector("canvas");
const renderer = new THREE.WebGLRenderer({ canvas, antialias: true });
renderer.setSize(640, 480, false);
const scene = new THREE.Scene();
scene.add(new THREE.HemisphereLight(0xffffff, 0x444444, 3));
const camera = new THREE.PerspectiveCamera(50, 640 / 480, 0.01, 1000);

new GLTFLoader().load(window.glb, (gltf) => {
  scene.add(gltf.scene);
  const sphere = new THREE.Box3().setFromObject(gltf.scene).getBoundingSphere(new THREE.Sphere());
  camera.position.copy(sphere.center).add(new THREE.Vector3(0, 0, sphere.radius * 2.5));
  camera.lookAt(sphere.center);
  renderer.render(scene, camera);
  const pixel = new Uint8Array(4);
  renderer.getContext().readPixels(320, 240, 1, 1, 6408, 5121, pixel); // waits until the frame is really drawn
  window.firstPixel = performance.now();
});
