import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("./editor"),
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@core": here("./core"), "@editor": here("./editor") } },
  worker: { format: "es" },
  build: {
    outDir: here("../server/client"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    manifest: true,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000", "/sync": { target: "ws://127.0.0.1:8000", ws: true } } },
  test: { root: here("."), include: ["core/**/*.test.ts", "editor/**/*.test.{ts,tsx}"], environment: "node" },
});
