// Build the screens into the package, and serve them with a mock or a real server while developing.
//
// `npm run dev` answers /api from dev/mock.ts; `FKS_URL=http://127.0.0.1:8000 npm run dev` passes
// /api and /ws on to a running `fks serve`.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { mockServer } from "./dev/mock.ts";

const server = process.env["FKS_URL"];

export default defineConfig(({ command }) => ({
  plugins: [react(), ...(command === "serve" && !server ? [mockServer()] : [])],
  build: {
    outDir: "../src/fks/contexts/web/static",
    emptyOutDir: true,
    assetsDir: "assets",
    // No data: URLs for small files: the content policy stays narrow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    sourcemap: false,
    rollupOptions: {
      output: {
        // The chart library and React change rarely: their files stay cached over our releases.
        manualChunks(id: string): string | undefined {
          if (id.includes("lightweight-charts") || id.includes("fancy-canvas")) return "charts";
          if (id.includes("node_modules")) return "vendor";
          return undefined;
        },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    ...(server
      ? {
          proxy: {
            "/api": { target: server, changeOrigin: true, headers: { Origin: server } },
            "/health": { target: server, changeOrigin: true },
            "/ws": { target: server, changeOrigin: true, ws: true, headers: { Origin: server } },
          },
        }
      : {}),
  },
  test: { include: ["tests/**/*.test.ts"] },
}));
