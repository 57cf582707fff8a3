import { GlobalWorkerOptions, getDocument, RenderingCancelledException, version, type PDFPageProxy } from "pdfjs-dist";
import worker from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import { MAX_PAGES, scaleFor, turned, type OpenDocument, type PageSize } from "./open";

GlobalWorkerOptions.workerSrc = worker;

/** Where the build puts the fonts, character maps and decoders that a PDF may need; see `build/pdf-files.ts`. */
const FILES = `/assets/pdf-${version}/`;

/** A PDF, drawn in the page by a worker. Scripts, forms and links of the file do nothing. */
export async function openPdf(bytes: Blob): Promise<OpenDocument> {
  const loading = getDocument({
    data: new Uint8Array(await bytes.arrayBuffer()),
    standardFontDataUrl: `${FILES}standard_fonts/`,
    cMapUrl: `${FILES}cmaps/`,
    wasmUrl: `${FILES}wasm/`,
    iccUrl: `${FILES}iccs/`,
    useSystemFonts: false,
    enableXfa: false,
    stopAtErrors: false,
  });
  const document = await loading.promise;
  const pages: PDFPageProxy[] = [];
  for (let number = 1; number <= Math.min(document.numPages, MAX_PAGES); number += 1) {
    pages.push(await document.getPage(number));
  }
  return {
    pages: pages.map(sizeOf),
    draw: async (index, canvas, turn, width, signal) => {
      const page = pages[index];
      if (page === undefined) return;
      const scale = scaleFor(turned(sizeOf(page), turn), width);
      const viewport = page.getViewport({ scale, rotation: (page.rotate + turn) % 360 });
      canvas.width = Math.max(1, Math.floor(viewport.width));
      canvas.height = Math.max(1, Math.floor(viewport.height));
      const task = page.render({ canvas, viewport });
      const stop = () => { task.cancel(); };
      signal.addEventListener("abort", stop);
      try {
        await task.promise;
      } catch (error) {
        if (!(error instanceof RenderingCancelledException)) throw error;
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
    close: () => { void loading.destroy(); },
  };
}

function sizeOf(page: PDFPageProxy): PageSize {
  const { width, height } = page.getViewport({ scale: 1 });
  return { width, height };
}
