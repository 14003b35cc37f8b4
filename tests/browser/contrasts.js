// The contrast of every text on the page with what lies behind it, after WCAG 2.2.
() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, below) => below.map((value, i) => (i === 3 ? 255 : (top[i] * top[3] + value * (255 - top[3])) / 255));
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(parsed(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), parsed("Canvas"));
  };
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest(":disabled, .unseen, .skip, option, noscript")) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const [light, dark] = [luminance(over(parsed(style.color), ground)), luminance(ground)].sort((a, b) => b - a);
    found.push({
      text: texts.currentNode.data.trim().slice(0, 40), element: `${element.localName}.${element.className}`,
      size: parseFloat(style.fontSize), bold: Number(style.fontWeight) >= 700, contrast: (light + 0.05) / (dark + 0.05),
    });
  }
  return found;
}
