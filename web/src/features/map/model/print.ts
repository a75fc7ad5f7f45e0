// Makes the map fit on one sheet of A3 when it is printed: it is measured as it stands and made smaller where it must be.

/** What an A3 sheet, landscape, holds between margins of 12 mm, in CSS pixels. */
const paper = { width: 1497, height: 1016 };

/** Below this nothing can be read any more: then it takes a second sheet. */
const smallest = 0.35;

/** Finds how much smaller a sheet has to be. */
export function fit(width: number, height: number): number {
  if (!(width > 0) || !(height > 0)) return 1;
  return Math.max(smallest, Math.min(1, paper.width / width, paper.height / height));
}

/** Measures before printing; returns how to stop. */
export function fitForPrint(sheet: () => HTMLElement | undefined): () => void {
  const measure = () => {
    const element = sheet();
    if (element) element.style.setProperty('--fit', String(fit(element.scrollWidth, element.scrollHeight)));
  };
  addEventListener('beforeprint', measure);
  return () => removeEventListener('beforeprint', measure);
}
