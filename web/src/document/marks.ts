import type { Box, Place, ReadPage } from "../api/types";
import type { Turn } from "./open";

/** A box over a page that leads to something beside it. */
export interface Mark {
  readonly id: string;
  readonly place: Place;
  /** What a person reads or hears for it: the fact and its value. */
  readonly label: string;
  /** `doubt` for a fact that was read with little certainty, `danger` for an instruction, `other` for a rival value. */
  readonly tone: "fact" | "doubt" | "danger" | "other";
}

/** Shares of the page's width and height, 0 to 1, from the top left corner. */
export interface Shares {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Where a box lies on a page that is shown with `turn` more degrees than the reader had turned it.
 * Null for a page without size or a box outside of it.
 */
export function sharesOf(box: Box, page: ReadPage, turn: Turn): Shares | null {
  if (!(page.width > 0 && page.height > 0)) return null;
  const within = (value: number) => Math.min(1, Math.max(0, value));
  const x0 = within(box[0] / page.width);
  const y0 = within(box[1] / page.height);
  const x1 = within(box[2] / page.width);
  const y1 = within(box[3] / page.height);
  if (x1 <= x0 || y1 <= y0) return null;
  const [width, height] = [x1 - x0, y1 - y0];
  switch (turn) {
    case 0:
      return { left: x0, top: y0, width, height };
    case 90:
      return { left: 1 - y1, top: x0, width: height, height: width };
    case 180:
      return { left: 1 - x1, top: 1 - y1, width, height };
    case 270:
      return { left: y0, top: 1 - x1, width: height, height: width };
  }
}
