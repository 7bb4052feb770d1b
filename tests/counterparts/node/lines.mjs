// One JSON object a line in, `{"call": NAME, "input": …}`; one a line out, `{"result": …}` or `{"error": NAME, "message": TEXT}`.

import { createInterface } from 'node:readline';

export async function answerLines(perform) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, input } = JSON.parse(line);
    let answer;
    try {
      answer = { result: (await perform(call, input)) ?? null };
    } catch (error) {
      answer = { error: error.name, message: error.message };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
