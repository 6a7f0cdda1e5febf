// Rules for the page and its tests: certain errors, and unused code.

import js from "@eslint/js";

const browser = ["document", "window", "location", "history", "navigator", "localStorage", "fetch",
  "performance", "matchMedia", "addEventListener", "removeEventListener", "dispatchEvent",
  "requestAnimationFrame", "setTimeout", "clearTimeout", "setInterval", "clearInterval",
  "AbortController", "HashChangeEvent", "ResizeObserver", "TextDecoderStream", "URLSearchParams",
  "URL", "console", "Event", "sessionStorage", "getComputedStyle"];
const names = (list) => Object.fromEntries(list.map((name) => [name, "readonly"]));

const rules = {
  ...js.configs.recommended.rules,
  "no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
  "no-shadow": "error",
  "no-var": "error",
  "prefer-const": "error",
  eqeqeq: "error",
  "max-len": ["error", { code: 120, ignoreTemplateLiterals: true, ignoreStrings: true }],
};

export default [
  { ignores: ["**/vendor/**"] },
  { files: ["**/*.js"], languageOptions: { globals: names(browser) }, rules },
  { files: ["**/theme.js"], languageOptions: { sourceType: "script" },
    rules: { "no-var": "off", "no-unused-vars": ["error", { caughtErrors: "none" }] } },
  { files: ["**/*.mjs"], languageOptions: { globals: names([...browser, "process"]) },
    rules: { ...rules, "max-len": ["error", { code: 100 }] } },
];
