/** Stands in for the browser's event stream; the test says when something arrives. */
export class FakeEventSource extends EventTarget {
  static readonly opened: FakeEventSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;

  constructor(readonly url: string) {
    super();
    FakeEventSource.opened.push(this);
    queueMicrotask(() => this.onopen?.());
  }

  close(): void {
    this.closed = true;
  }

  static report(name: string): void {
    for (const source of FakeEventSource.opened) source.dispatchEvent(new MessageEvent(name, { data: "{}" }));
  }
}
