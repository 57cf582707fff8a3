import { useEffect, useState } from "react";

const STORED = "claimstack.theme";
const DARK_CLASS = "pf-v6-theme-dark";

function startsDark(): boolean {
  const stored = localStorage.getItem(STORED);
  return stored === null ? window.matchMedia("(prefers-color-scheme: dark)").matches : stored === "dark";
}

/** Whether the page is dark: as chosen here before, else as the system is. */
export function useDark(): readonly [boolean, (dark: boolean) => void] {
  const [dark, setDark] = useState(startsDark);
  useEffect(() => {
    document.documentElement.classList.toggle(DARK_CLASS, dark);
  }, [dark]);
  return [
    dark,
    (chosen) => {
      localStorage.setItem(STORED, chosen ? "dark" : "light");
      setDark(chosen);
    },
  ];
}
