// Small drawn signs beside words that already say the same: no font needs to have them.

import { html, type Markup } from './markup.ts';

function sign(content: Markup): Markup {
  return html`<svg class="glyph" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${content}</svg>`;
}

export function check(): Markup {
  return sign(
    html`<circle class="glyph-ground" cx="8" cy="8" r="8"/><path class="glyph-line" d="M4 8.4L7 11.2L12 5"/>`,
  );
}

export function cross(): Markup {
  return sign(
    html`<rect class="glyph-ground" width="16" height="16" rx="2"/><path class="glyph-line" d="M4.5 4.5L11.5 11.5M11.5 4.5L4.5 11.5"/>`,
  );
}

export function dot(): Markup {
  return sign(
    html`<circle class="glyph-ground" cx="8" cy="8" r="8"/><path class="glyph-line" d="M8 7.2V12M8 4V5.2"/>`,
  );
}
