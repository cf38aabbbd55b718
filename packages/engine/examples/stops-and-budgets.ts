import { StopFilter, ThinkingBudget } from "@krait/engine";

// Text that arrives in pieces ends before a stop string, wherever the pieces are cut.
const filter = new StopFilter(["\nUser:"]);
for (const piece of ["It is sunny.", "\nUs", "er: and tomorrow?"]) {
  console.log(JSON.stringify(filter.push(piece)), filter.found ? "stopped" : "");
}

// A reasoning trace of 3 tokens may run on to the end of its line, by 2 tokens at most.
const budget = new ThinkingBudget({ budget: 3, grace: 2 });
for (const token of ["Let", " me", " see", ".", "\n"]) {
  console.log(JSON.stringify(token), budget.count(token.endsWith("\n")) ?? "go on");
}
