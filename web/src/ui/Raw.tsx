/** Stops a huge tool result from freezing the page. */
const SHOWN_CHARACTERS = 20_000;

/** A JSON value as indented text, cut when it is very long. */
export function rawText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}\n…` : text;
}

/** A titled box with a JSON value; it scrolls, and the keyboard can reach it to do so. */
export function Raw({ title, value }: { readonly title: string; readonly value: unknown }) {
  return (
    <section aria-label={title}>
      <strong>{title}</strong>
      {/* A scrolling region has to be focusable for those without a mouse. */}
      <pre className="raw" tabIndex={0}>
        {rawText(value)}
      </pre>
    </section>
  );
}
