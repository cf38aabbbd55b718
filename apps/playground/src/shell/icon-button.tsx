import type { ReactElement } from "react";
import { Icon, type IconName } from "./icon.tsx";

interface Props {
  readonly icon: IconName;
  /** What it does, as a tooltip and for those who do not see the icon. */
  readonly label: string;
  readonly onClick: () => void;
  /** Whether what it shows is shown; undefined where it shows nothing. */
  readonly pressed?: boolean | undefined;
  readonly disabled?: boolean | undefined;
}

export function IconButton({ icon, label, onClick, pressed, disabled }: Props): ReactElement {
  return (
    <button
      type="button"
      className="icon-button"
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
