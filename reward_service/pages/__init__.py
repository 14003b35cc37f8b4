"""What self-contained HTML pages share: the wording of numbers, axes, style, script and a strict policy."""
