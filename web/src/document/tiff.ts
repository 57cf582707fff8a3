import { decode, decodeImage, toRGBA8, type IFD } from "utif2";
import { MAX_PAGES, MAX_PIXELS, NotShown, type OpenDocument, type PageSize } from "./open";
import { paint } from "./picture";

/** The pages of a TIFF: scans and faxes, which no browser shows by itself. Only the pages drawn last are kept. */
export async function openTiff(bytes: Blob): Promise<OpenDocument> {
  const buffer = await bytes.arrayBuffer();
  const pages = decode(buffer)
    .map((page) => ({ page, size: sizeOf(page) }))
    .filter((entry): entry is { page: IFD; size: PageSize } => entry.size !== null)
    .slice(0, MAX_PAGES);
  if (pages.length === 0) throw new Error("the file has no page");
  if (pages.some(({ size }) => size.width * size.height > 4 * MAX_PIXELS)) throw new NotShown("size");
  const kept = new Map<number, ImageBitmap>();
  const decoded = async (index: number): Promise<ImageBitmap | null> => {
    const known = kept.get(index);
    if (known) return known;
    const entry = pages[index];
    if (!entry) return null;
    const { page, size } = entry;
    decodeImage(buffer, page);
    const pixels = new Uint8ClampedArray(toRGBA8(page));
    const bitmap = await createImageBitmap(new ImageData(pixels, size.width, size.height));
    keep(kept, index, bitmap);
    return bitmap;
  };
  return {
    pages: pages.map(({ size }) => size),
    draw: async (index, canvas, turn, width, signal) => {
      const bitmap = await decoded(index);
      if (bitmap !== null && !signal.aborted) paint(canvas, bitmap, bitmap, turn, width);
    },
    close: () => {
      for (const bitmap of kept.values()) bitmap.close();
      kept.clear();
    },
  };
}

const KEPT_PAGES = 4;

function keep(kept: Map<number, ImageBitmap>, index: number, bitmap: ImageBitmap): void {
  kept.set(index, bitmap);
  const oldest = [...kept.keys()][0];
  if (kept.size <= KEPT_PAGES || oldest === undefined) return;
  kept.get(oldest)?.close();
  kept.delete(oldest);
}

/** Width and height stand in the tags 256 and 257. */
function sizeOf(page: IFD): PageSize | null {
  const tag = (name: string): number => {
    const value: unknown = (page as Record<string, unknown>)[name];
    return Array.isArray(value) ? Number(value[0]) : Number(value);
  };
  const [width, height] = [tag("t256"), tag("t257")];
  return width > 0 && height > 0 ? { width, height } : null;
}
