/** A picture of the scene as a PNG, at any size, drawn with the same pipeline as the view itself. */
import type { Stage } from "./renderer";

/**
 * Draws once at `width` × `height` pixels and restores the view within the same task, so that nothing flickers: the
 * canvas's own buffer is used because tone mapping and antialiasing apply only there.
 */
export function screenshot(stage: Stage, width: number, height: number, draw: () => void): Promise<Blob> {
  const { renderer, camera, canvas } = stage;
  renderer.setPixelRatio(1);
  renderer.setSize(width, height, false);
  camera.aspect = width / height;
  camera.updateProjectionMatrix();
  draw();
  const picture = new Promise<Blob>((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("screenshot_failed: the canvas gave no picture"))),
      "image/png",
    );
  });
  stage.resize();
  return picture;
}
