/** What can be shown beside the conversation. */
export const panelNames = {
  branches: { label: "Branches", icon: "branch" },
  tools: { label: "Tools", icon: "tool" },
  performance: { label: "Performance", icon: "gauge" },
  settings: { label: "Settings", icon: "settings" },
} as const;

export type PanelName = keyof typeof panelNames;
