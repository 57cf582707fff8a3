import { describe, expect, it } from "vitest";
import { FIRST_QUERY, readQuery, writeQuery, type ClaimsQuery } from "./query";

function read(text: string): ClaimsQuery {
  return readQuery(new URLSearchParams(text));
}

describe("the list's address", () => {
  it("reads back what was written", () => {
    const query: ClaimsQuery = { page: 3, pageSize: 50, status: "denied", search: "USR é&", sort: "status", descending: false };
    expect(read(writeQuery(query))).toEqual(query);
  });

  it("is bare for the first view", () => {
    expect(writeQuery(FIRST_QUERY)).toBe("");
    expect(read("")).toEqual(FIRST_QUERY);
  });

  it("falls back on what it does not understand", () => {
    expect(read("page=-1&page_size=7&status=unknown&sort=-password")).toEqual(FIRST_QUERY);
    expect(read("page=1e99&status=__proto__").status).toBeNull();
  });
});
