import { createContext, use } from "react";
import type { Me } from "../api/me";

/** Until the service says who is there, nothing is hidden: it refuses by itself what a role may not do. */
export const UNKNOWN: Me = { subject: "", role: "admin" };

export const WhoContext = createContext<Me>(UNKNOWN);

export function useWho(): Me {
  return use(WhoContext);
}
