// Asks a model for the weather in 24 pairs of cities with the demo tools, with and without reasoning, and
// counts the pairs whose calls and answer are right: every city with its own temperature and condition.
//
//   node --conditions=@krait/source tooling/train/weather-of-two.ts [FOLDER]
//
// FOLDER is the embedded model unless given. Prints what went wrong, then one JSON line for each mode.
import { demoTools, loadModel } from "krait";

const PAIRS = [
  ["Paris", "Tokyo"],
  ["London", "Berlin"],
  ["Oslo", "Rome"],
  ["Madrid", "New York"],
  ["Vienna", "Sydney"],
  ["Boston", "Cairo"],
  ["Lisbon", "Dublin"],
  ["Munich", "Hamburg"],
  ["Seattle", "Miami"],
  ["Chicago", "San Francisco"],
  ["Mumbai", "Delhi"],
  ["Seoul", "Beijing"],
  ["Stockholm", "Athens"],
  ["Prague", "Warsaw"],
  ["Toronto", "Mexico City"],
  ["Buenos Aires", "Lima"],
  ["Nairobi", "Lagos"],
  ["Istanbul", "Dubai"],
  ["Singapore", "Bangkok"],
  ["Amsterdam", "Brussels"],
  ["Zurich", "Milan"],
  ["Barcelona", "Copenhagen"],
  ["Helsinki", "Reykjavik"],
  ["Hong Kong", "Los Angeles"],
] as const;
const QUESTIONS = [
  (a: string, b: string) => `What is the weather in ${a} and ${b}?`,
  (a: string, b: string) => `What's the weather like in ${a} and ${b}?`,
  (a: string, b: string) => `weather in ${a} and ${b}`,
  (a: string, b: string) => `How is the weather in ${a} and ${b} today?`,
];

interface Weather {
  readonly city: string;
  readonly temperature: number;
  readonly condition: string;
}

const model = await loadModel(process.argv[2], { backend: "wasm" });
const tools = demoTools();
const getWeather = tools.find(({ name }) => name === "get_weather")!;

for (const reasoning of ["on", "off"] as const) {
  let right = 0;
  for (const [index, pair] of PAIRS.entries()) {
    const expected = pair.map((city) => getWeather.execute({ city }, { signal: undefined }) as Weather);
    const content = QUESTIONS[index % QUESTIONS.length]!(pair[0], pair[1]);
    const run = model.runTools([{ role: "user", content }], {
      tools,
      reasoning,
      maxTokens: 400,
      maxSteps: 3,
    });
    const answer = await run.result().then(
      ({ text }) => text.trim(),
      (error: unknown) => String(error),
    );
    if (expected.every((weather) => says(answer, weather))) right += 1;
    else console.log(`${content} -> ${answer}`);
  }
  console.log(JSON.stringify({ reasoning, pairs: PAIRS.length, right }));
}
await model[Symbol.asyncDispose]();

/** Whether a sentence of the answer has the city with its weather, and no other weather. */
function says(answer: string, { city, temperature, condition }: Weather): boolean {
  return answer
    .split(/\.\s|\.$/)
    .some(
      (sentence) =>
        sentence.includes(city) &&
        sentence.includes(condition) &&
        JSON.stringify(sentence.match(/-?\d+/g)) === JSON.stringify([String(temperature)]),
    );
}
