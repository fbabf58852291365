import { defineConfig, type ViteUserConfig } from "vitest/config";
import { defenceOff } from "./test/defences/without.js";

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        plugins: defenceOff(process.env["STOWAGE_TEST_WITHOUT"]),
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/servers/**", "test/wide/**"],
          maxWorkers: "100%",
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "servers",
          include: ["test/servers/**/*.test.ts"],
          globalSetup: ["test/servers/setup/global.ts"],
          maxWorkers: "100%",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "wide",
          include: ["test/wide/**/*.test.ts"],
          globalSetup: ["test/servers/setup/global-wide.ts"],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

export default config;
