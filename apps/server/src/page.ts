/** A question, and the answer as it is written. */
export const page = `<!doctype html>
<meta charset="utf-8">
<title>Krait</title>
<form><input name="question" value="What is 47 + 38?" size="40"><button>Ask</button></form>
<pre></pre>
<script type="module">
  const output = document.querySelector("pre");
  document.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    output.textContent = "";
    const messages = [{ role: "user", content: new FormData(event.target).get("question") }];
    const response = await fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages, stream: true }),
    });
    let rest = "";
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\\n");
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data: {")) continue;
        const { choices } = JSON.parse(line.slice("data: ".length));
        output.textContent += choices[0]?.delta.content ?? "";
      }
    }
  });
</script>
`;
