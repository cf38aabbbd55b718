// A page's side of the link to the program that measures: it asks for a question, and posts the answer.

/** Calls methods by name as they are asked for, until the browser is closed. */
export async function answerQuestions(methods) {
  for (;;) {
    const { method, argument } = await (await fetch("/question")).json();
    let answer;
    try {
      answer = { result: await methods[method](argument) };
    } catch (error) {
      answer = { error: String(error?.stack ?? error) };
    }
    await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
  }
}
