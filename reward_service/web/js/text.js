// Places in a text.  The server counts characters as Python does (code points); JavaScript counts UTF-16 units.

/** Turns the server's offsets into those of JavaScript. */
export class Offsets {
  constructor(text) {
    this.units = /[\ud800-\udbff][\udc00-\udfff]/.test(text) ? unitsOf(text) : null;
    this.length = text.length;
  }

  unit(offset) {
    if (this.units === null) return Math.min(offset, this.length);
    return this.units[Math.min(offset, this.units.length - 1)];
  }
}

function unitsOf(text) {
  const units = [];
  let position = 0;
  for (const character of text) {
    units.push(position);
    position += character.length;
  }
  units.push(position);
  return units;
}

/** Finds sentences in a text, whatever white space stands between their words. */
export class Finder {
  constructor(text) {
    this.places = [];
    let plain = "";
    for (const word of text.matchAll(/\S+/g)) {
      if (plain) {
        plain += " ";
        this.places.push(word.index - 1);
      }
      plain += word[0];
      for (let i = 0; i < word[0].length; i += 1) this.places.push(word.index + i);
    }
    this.plain = plain;
  }

  /** `{start, end}` of the first place where the text says it; null where it doesn't. */
  find(sentence) {
    const wanted = (sentence ?? "").trim().replace(/\s+/g, " ");
    const at = wanted ? this.plain.indexOf(wanted) : -1;
    if (at < 0) return null;
    return { start: this.places[at], end: this.places[at + wanted.length - 1] + 1 };
  }
}
