import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

// Two busy cores make a page slow, not wrong.
configure({ asyncUtilTimeout: 10_000 });

beforeEach(() => {
  localStorage.clear();
  window.history.replaceState(null, "", "/");
  // jsdom has no canvas, no layout and no object URLs.
  window.matchMedia = (media) => ({ matches: false, media }) as MediaQueryList;
  document.documentElement.className = "";
  HTMLElement.prototype.scrollIntoView = () => undefined;
  HTMLCanvasElement.prototype.getContext = () => null;
  URL.createObjectURL = () => "blob:document";
  URL.revokeObjectURL = () => undefined;
  vi.spyOn(navigator, "languages", "get").mockReturnValue(["en-US"]);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
