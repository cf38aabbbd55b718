import { createToolCallParser, foldEvents } from "@krait/tool-parser";

const parser = createToolCallParser({ reasoning: "on" });
const tokens = [
  "I look it up.\n",
  "</thi",
  "nk>\n\n<TOOL",
  'CALL>[{"name": "weather',
  '", "arguments": {"city"',
];
tokens.push(': "Oslo"}}]', "</TOOLCALL>");

const events = tokens.flatMap((token) => parser.push(token));
events.push(...parser.flush());
for (const event of events) console.log(JSON.stringify(event));
console.log(foldEvents(events).toolCalls);
