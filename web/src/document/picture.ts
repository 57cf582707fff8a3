import { MAX_PIXELS, NotShown, scaleFor, turned, type OpenDocument, type PageSize, type Turn } from "./open";

/** A photo, set upright by the camera's own note, as the reader sets it. */
export async function openPicture(bytes: Blob): Promise<OpenDocument> {
  const bitmap = await createImageBitmap(bytes, { imageOrientation: "from-image" });
  if (bitmap.width * bitmap.height > 4 * MAX_PIXELS) {
    bitmap.close();
    throw new NotShown("size");
  }
  return {
    pages: [{ width: bitmap.width, height: bitmap.height }],
    draw: (_index, canvas, turn, width) => {
      paint(canvas, bitmap, bitmap, turn, width);
      return Promise.resolve();
    },
    close: () => { bitmap.close(); },
  };
}

/** Puts a picture onto the canvas, turned, about `width` pixels wide after the turn. */
export function paint(canvas: HTMLCanvasElement, picture: CanvasImageSource, size: PageSize, turn: Turn, width: number): void {
  const after = turned(size, turn);
  const scale = scaleFor(after, width);
  canvas.width = Math.max(1, Math.round(after.width * scale));
  canvas.height = Math.max(1, Math.round(after.height * scale));
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.imageSmoothingQuality = "high";
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((turn * Math.PI) / 180);
  const [wide, high] = [size.width * scale, size.height * scale];
  context.drawImage(picture, -wide / 2, -high / 2, wide, high);
}
