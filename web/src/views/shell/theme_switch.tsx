// Dark, light, or what the system says.
import { type ReactNode, useId } from "react";
import { THEMES, type Theme, useTheme } from "../../store/preferences";
import css from "./shell.module.css";

export function ThemeSwitch(): ReactNode {
  const { chosen, choose } = useTheme();
  const name = useId();
  const labels: Record<Theme, string> = { dark: "Dark", light: "Light", system: "Auto" };
  return (
    <div className={css["themes"]} role="radiogroup" aria-label="Theme">
      {THEMES.map((theme) => (
        <label key={theme}>
          <input type="radio" name={name} checked={chosen === theme} onChange={() => choose(theme)} />
          {labels[theme]}
        </label>
      ))}
    </div>
  );
}
