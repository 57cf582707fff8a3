import type { MessageKey } from "../i18n/en";

export const FILE_LIMIT_BYTES = 25 * 1024 * 1024;

export interface Draft {
  readonly file: File | null;
  readonly userId: string;
  /** ISO date, or empty. */
  readonly receivedDate: string;
  readonly product: string;
}

export interface Fault {
  readonly key: MessageKey;
  readonly slots?: Readonly<Record<string, string>>;
}

export type Faults = Partial<Record<"file" | "userId" | "receivedDate", Fault>>;

/**
 * What stops a draft from being sent, by field. `today` is the ISO date of the person's own calendar.
 *
 * The kind of file is not looked at: the service judges it by content, and a name proves nothing.
 */
export function check(draft: Draft, today: string): Faults {
  const faults: Faults = {};
  const file = checkFile(draft.file);
  const user = checkUser(draft.userId.trim());
  const received = checkDate(draft.receivedDate, today);
  if (file) faults.file = file;
  if (user) faults.userId = user;
  if (received) faults.receivedDate = received;
  return faults;
}

function checkFile(file: File | null): Fault | null {
  if (file === null) return { key: "new.file.missing" };
  if (file.size === 0) return { key: "new.file.empty" };
  if (file.size > FILE_LIMIT_BYTES) {
    return { key: "new.file.large", slots: { size: String(Math.ceil(file.size / 1024 / 1024)) } };
  }
  return null;
}

function checkUser(userId: string): Fault | null {
  if (userId === "") return { key: "new.user.missing" };
  return /^\P{Cc}{1,64}$/u.test(userId) ? null : { key: "new.user.shape" };
}

function checkDate(date: string, today: string): Fault | null {
  if (date === "") return { key: "new.received.missing" };
  if (date > today) return { key: "new.received.future" };
  return date < "2000-01-01" ? { key: "new.received.old" } : null;
}

/** Today on the person's own calendar, as an ISO date. */
export function localToday(now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(now.getFullYear())}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
