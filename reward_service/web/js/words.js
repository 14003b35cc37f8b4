// Numbers, names and dates as people read them.

/** `+1.30`, `−2.00`, `0.00`; a dash where there is no number. */
export function signed(number, digits = 2) {
  if (number === null || number === undefined) return "–";
  const text = Math.abs(number).toFixed(digits);
  if (Number(text) === 0) return text;
  return (number < 0 ? "−" : "+") + text;
}

/** A number with no more digits than it needs, and a true minus. */
export function plain(number, digits = 2) {
  return String(Number(number.toFixed(digits))).replace("-", "−");
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

const CAPITALS = { nli: "NLI" };

/** `topic_relevance_reward` → `Topic relevance`. */
export function rewardName(name) {
  const last = name.split("/").at(-1).replace(/_reward$/, "");
  const words = last.split("_").map((word) => CAPITALS[word] ?? word);
  return capital(words.join(" "));
}

/** `off_topic` → `off topic`. */
export function spoken(word) {
  return word.replaceAll("_", " ");
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A gate such as `robust_coherence_reward ≤ -2.0`, in words. */
export function gateInWords(gate) {
  const [name, bound] = gate.split(" ≤ ");
  return bound === undefined ? gate : `${rewardName(name)} ≤ ${plain(Number(bound))}`;
}

/** The beginning of a text, on one line. */
export function beginning(text, longest = 90) {
  const line = text.slice(0, longest * 4).replace(/\s+/g, " ").trim();
  const characters = Array.from(line);
  return characters.length <= longest ? line : `${characters.slice(0, longest).join("")}…`;
}

const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

export function when(iso) {
  return WHEN.format(new Date(iso));
}
