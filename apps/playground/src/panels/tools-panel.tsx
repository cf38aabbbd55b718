import { type ReactElement, useState } from "react";
import { Icon } from "../shell/icon.tsx";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { type ToolSource, toolProblem } from "../tools/tool-source.ts";
import { SwitchField } from "./switch-field.tsx";
import { ToolEditor } from "./tool-editor.tsx";

const emptyTool: Omit<ToolSource, "id" | "name"> = {
  description: "",
  parameters: '{\n  "type": "object",\n  "properties": {}\n}',
  code: "return { ok: true };",
  enabled: true,
};

/** The tools that the model may call, written here in JavaScript. */
export function ToolsPanel(): ReactElement {
  const playground = usePlayground();
  const { tools, toolsEnabled } = useApp((state) => state.settings);
  const [edited, setEdited] = useState<string>();
  const change = (changed: readonly ToolSource[]): void => playground.changeSettings({ tools: changed });
  const add = (): void => {
    const id = crypto.randomUUID();
    change([...tools, { ...emptyTool, id, name: freeName(tools) }]);
    setEdited(id);
  };
  return (
    <div className="panel-content">
      <p className="note">
        The model calls them; this page runs them, each in a worker that reaches neither the page nor the
        network.
      </p>
      <SwitchField
        label="Tell the model of its tools"
        checked={toolsEnabled}
        onChange={(checked) => playground.changeSettings({ toolsEnabled: checked })}
      />
      <ul className="tool-list">
        {tools.map((tool) => {
          const problem = toolProblem(tool, tools);
          return (
            <li key={tool.id}>
              <div className="row">
                <button
                  type="button"
                  className="tool-title"
                  aria-expanded={edited === tool.id}
                  onClick={() => setEdited(edited === tool.id ? undefined : tool.id)}
                >
                  <Icon name="chevron" />
                  <code>{tool.name}</code>
                </button>
                <input
                  type="checkbox"
                  role="switch"
                  aria-label={`Use ${tool.name}`}
                  checked={tool.enabled}
                  onChange={({ target: { checked } }) =>
                    change(tools.map((each) => (each.id === tool.id ? { ...each, enabled: checked } : each)))
                  }
                />
              </div>
              {problem && <p className="failure">{problem}</p>}
              {edited === tool.id && (
                <ToolEditor
                  tool={tool}
                  onChange={(changed) => change(tools.map((each) => (each.id === tool.id ? changed : each)))}
                  onDelete={() => change(tools.filter(({ id }) => id !== tool.id))}
                />
              )}
            </li>
          );
        })}
      </ul>
      <button type="button" className="button" onClick={add}>
        <Icon name="plus" />
        New tool
      </button>
    </div>
  );
}

function freeName(tools: readonly ToolSource[]): string {
  for (let number = 1; ; number++) {
    const name = `tool_${number}`;
    if (tools.every((tool) => tool.name !== name)) return name;
  }
}
