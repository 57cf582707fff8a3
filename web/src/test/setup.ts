import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

beforeEach(() => {
  localStorage.clear();
  window.history.replaceState(null, "", "/");
  // jsdom has no object URLs.
  URL.createObjectURL = () => "blob:document";
  URL.revokeObjectURL = () => undefined;
  vi.spyOn(navigator, "languages", "get").mockReturnValue(["en-US"]);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
