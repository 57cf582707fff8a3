/** A page in its own units: points for a PDF, pixels for a picture. Upright as the file says, before any turn of ours. */
export interface PageSize {
  readonly width: number;
  readonly height: number;
}

/** Degrees clockwise. */
export const TURNS = [0, 90, 180, 270] as const;
export type Turn = (typeof TURNS)[number];

/** A document whose pages can be drawn. `close` frees what the decoder holds. */
export interface OpenDocument {
  readonly pages: readonly PageSize[];
  /** Draws page `index` (from 0), turned, so that its turned width is about `width` pixels. */
  readonly draw: (index: number, canvas: HTMLCanvasElement, turn: Turn, width: number, signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
}

/** A kind of file the viewer does not know. */
export class NotShown extends Error {}

/** Most pixels of one drawn page: a browser gives up on larger canvases. */
export const MAX_PIXELS = 24_000_000;

/** As many pages as the reader takes in; a longer file shows its first ones. */
export const MAX_PAGES = 100;

/**
 * Opens a document by the type that the service found in its content. Each decoder is fetched when first needed.
 * Throws `NotShown` for another type, and what the decoder throws for a damaged file.
 */
export async function openDocument(bytes: Blob, mediaType: string): Promise<OpenDocument> {
  if (mediaType === "application/pdf") return (await import("./pdf")).openPdf(bytes);
  if (mediaType === "image/tiff") return (await import("./tiff")).openTiff(bytes);
  if (mediaType === "image/png" || mediaType === "image/jpeg") return (await import("./picture")).openPicture(bytes);
  throw new NotShown(mediaType);
}

/** The size after a turn. */
export function turned({ width, height }: PageSize, turn: Turn): PageSize {
  return turn % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** The nearest quarter turn of any number of degrees. */
export function turnOf(degrees: number): Turn {
  const quarter = ((Math.round(degrees / 90) % 4) + 4) % 4;
  return TURNS[quarter] ?? 0;
}

/** Pixels per unit for the asked width, held below the largest canvas. */
export function scaleFor(page: PageSize, width: number): number {
  const asked = width / page.width;
  return Math.min(asked, Math.sqrt(MAX_PIXELS / (page.width * page.height)));
}
