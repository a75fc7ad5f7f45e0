// Parts the drivers that explain something from those that explain next to nothing.

/** What is written as a share of nought: a bar of it would be a line, its number no number. */
const slightest = 0.0001;

/** Tells which drivers are worth a bar, and which are only named; both keep their order. */
export function weighty<Driver extends { part: number }>(
  drivers: readonly Driver[],
): { shown: Driver[]; slight: Driver[] } {
  const isSlight = (driver: Driver) => Math.abs(driver.part) < slightest;
  return { shown: drivers.filter((driver) => !isSlight(driver)), slight: drivers.filter(isSlight) };
}
