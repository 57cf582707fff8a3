import { describe, expect, it } from "vitest";
import { check, FILE_LIMIT_BYTES, localToday, type Draft } from "./newClaim";

const today = "2026-05-12";
const good: Draft = { file: new File(["%PDF"], "claim.pdf"), userId: "USR-1", receivedDate: today, product: "" };

function ofSize(bytes: number): File {
  const file = new File(["x"], "claim.pdf");
  Object.defineProperty(file, "size", { value: bytes });
  return file;
}

describe("a new claim", () => {
  it("passes when it is complete", () => {
    expect(check(good, today)).toEqual({});
  });

  it("names every field that is wrong", () => {
    const faults = check({ file: null, userId: " ", receivedDate: "", product: "" }, today);
    expect(faults.file?.key).toBe("new.file.missing");
    expect(faults.userId?.key).toBe("new.user.missing");
    expect(faults.receivedDate?.key).toBe("new.received.missing");
  });

  it("is refused with an empty or oversized file", () => {
    expect(check({ ...good, file: ofSize(0) }, today).file?.key).toBe("new.file.empty");
    expect(check({ ...good, file: ofSize(FILE_LIMIT_BYTES) }, today).file).toBeUndefined();
    expect(check({ ...good, file: ofSize(FILE_LIMIT_BYTES + 1) }, today).file?.slots).toEqual({ size: "26" });
  });

  it("is refused with an odd account or date", () => {
    expect(check({ ...good, userId: "U".repeat(65) }, today).userId?.key).toBe("new.user.shape");
    expect(check({ ...good, receivedDate: "2026-05-13" }, today).receivedDate?.key).toBe("new.received.future");
    expect(check({ ...good, receivedDate: "0026-05-12" }, today).receivedDate?.key).toBe("new.received.old");
  });

  it("takes today from the person's own calendar", () => {
    expect(localToday(new Date(2026, 0, 5, 23, 59))).toBe("2026-01-05");
  });
});
